import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderInMemory } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'

/** The file systems whose power can be cut. Of btrfs two copies cannot be mounted beside each other. */
export type CutType = 'ext4' | 'xfs'

/** A small disk whose power can be cut: it lies in a file on btrfs, which can be copied in one moment. */
export interface Disk {
  /** Where it is mounted. */
  readonly at: string
  /**
   * A copy of all that has reached the disk at this moment, mounted as after a power cut: what was only in the memory of
   * the file system is lost, and its journal is played back.
   */
  cut(): Cut
}

export interface Cut {
  mount(): string
  /** Takes it away again. */
  discard(): void
}

const MIB = 1024 * 1024
// The sizes are bounds: the files are sparse, and every copy shares what it can.
const BTRFS_BYTES = 1024 * MIB
const KINDS = {
  ext4: { bytes: 48 * MIB, make: ['mkfs.ext4', '-q', '-F', '-m', '0'], options: 'loop' },
  // The smallest there is; and a copy may be mounted though it has the same identity.
  xfs: { bytes: 320 * MIB, make: ['mkfs.xfs', '-q'], options: 'loop,nouuid' },
} as const

export function makeDisk(life: Lifetime, type: CutType): Disk {
  const { bytes, make, options } = KINDS[type]
  const base = folderInMemory(life)
  const outer = join(base, 'btrfs')
  makeImage(join(base, 'btrfs.image'), BTRFS_BYTES, ['mkfs.btrfs', '-q', '-M'])
  mount(life, { image: join(base, 'btrfs.image'), at: outer, options: 'loop' })
  const image = join(outer, 'disk')
  makeImage(image, bytes, make)
  const at = join(base, 'disk')
  mount(life, { image, at, options })
  let cuts = 0
  return {
    at,
    cut() {
      cuts += 1
      const copy = join(outer, `cut-${cuts}`)
      const copyAt = join(base, `cut-${cuts}`)
      // btrfs clones a file while nobody writes to it: one moment, and not a little of several.
      execFileSync('cp', ['--reflink=always', image, copy])
      let unmount = (): void => {}
      return {
        mount() {
          unmount = mount(life, { image: copy, at: copyAt, options })
          return copyAt
        },
        discard() {
          unmount()
          execFileSync('rm', [copy])
        },
      }
    },
  }
}

function makeImage(file: string, bytes: number, [program = '', ...args]: readonly string[]): void {
  writeFileSync(file, '')
  truncateSync(file, bytes)
  execFileSync(program, [...args, file], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** @returns what unmounts it, once, at the latest at the end of the round */
function mount(
  life: Lifetime,
  { image, at, options }: { readonly image: string; readonly at: string; readonly options: string },
): () => void {
  mkdirSync(at)
  execFileSync('mount', ['-o', options, image, at])
  let isMounted = true
  const unmount = (): void => {
    if (isMounted) execFileSync('umount', ['-l', at])
    isMounted = false
  }
  life.after(unmount)
  if (statSync(at).dev === statSync(join(at, '..')).dev) throw new Error(`${at} is not a mount point`)
  return unmount
}

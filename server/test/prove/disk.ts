import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderInMemory } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'

/** A small ext4 whose power can be cut: it lies in a file on btrfs, which can be copied in one moment. */
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
const BTRFS_BYTES = 512 * MIB
const EXT4_BYTES = 48 * MIB

export function makeDisk(life: Lifetime): Disk {
  const base = folderInMemory(life)
  const outer = join(base, 'btrfs')
  makeImage(join(base, 'btrfs.image'), BTRFS_BYTES, ['mkfs.btrfs', '-q', '-M'])
  mount(life, join(base, 'btrfs.image'), outer)
  const image = join(outer, 'disk')
  makeImage(image, EXT4_BYTES, ['mkfs.ext4', '-q', '-F', '-m', '0'])
  const at = join(base, 'disk')
  mount(life, image, at)
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
          unmount = mount(life, copy, copyAt)
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
function mount(life: Lifetime, image: string, at: string): () => void {
  mkdirSync(at)
  execFileSync('mount', ['-o', 'loop', image, at])
  let isMounted = true
  const unmount = (): void => {
    if (isMounted) execFileSync('umount', ['-l', at])
    isMounted = false
  }
  life.after(unmount)
  if (statSync(at).dev === statSync(join(at, '..')).dev) throw new Error(`${at} is not a mount point`)
  return unmount
}

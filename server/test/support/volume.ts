import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lifetime } from './lifetime.ts'

export type FileSystem = 'tmpfs' | 'ext4' | 'btrfs'

export interface VolumeOptions {
  readonly sizeBytes: number
  /** For tmpfs and ext4: how many inodes there are in all. */
  readonly inodes?: number
}

/**
 * A small real file system, mounted for the test and gone after it. Everything that fills a disk must use one:
 * the mount point is checked to be one, so that no test can fill the machine's own disk.
 */
export function mountedVolume(test: Lifetime, type: FileSystem, options: VolumeOptions): string {
  const base = mkdtempSync(join(tmpdir(), `plimsoll-${type}-`))
  const at = join(base, 'mount')
  mkdirSync(at)
  test.after(() => {
    execFileSync('umount', ['-l', at])
    rmSync(base, { recursive: true, force: true })
  })
  mount(type, { base, at, ...options })
  if (statSync(at).dev === statSync(base).dev) throw new Error(`${at} is not a mount point`)
  return at
}

function mount(
  type: FileSystem,
  { base, at, sizeBytes, inodes }: VolumeOptions & { base: string; at: string },
): void {
  if (type === 'tmpfs') {
    const bounds = `size=${sizeBytes}${inodes === undefined ? '' : `,nr_inodes=${inodes}`}`
    execFileSync('mount', ['-t', 'tmpfs', '-o', bounds, 'none', at])
    return
  }
  const image = join(base, 'image')
  writeFileSync(image, '')
  truncateSync(image, sizeBytes)
  const count = inodes === undefined ? [] : ['-N', String(inodes)]
  const make = type === 'ext4' ? ['mkfs.ext4', '-q', '-F', '-m', '0', ...count] : ['mkfs.btrfs', '-q', '-M']
  execFileSync(make[0] ?? '', [...make.slice(1), image], { stdio: ['ignore', 'ignore', 'inherit'] })
  execFileSync('mount', ['-o', 'loop', image, at])
}

/** Fills a volume with one file until it has no byte left. @returns the path of the file */
export function fillUp(at: string, capBytes: number): string {
  if (statSync(at).dev === statSync(join(at, '..')).dev) throw new Error(`${at} is not a mount point`)
  const file = join(at, 'filler')
  const blocks = Math.ceil(capBytes / 4096)
  // dd ends with an error when the disk is full; that is what it is for here.
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=4096', `count=${blocks}`, 'conv=fsync'], {
      stdio: 'ignore',
    })
  } catch {}
  return file
}

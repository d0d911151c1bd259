import { MIB } from './limits.ts'
import type { FreeSpace } from './resource.ts'

/** What statfs says of a volume; counts are blocks of `bsize` bytes. */
export interface VolumeFigures {
  readonly type: number
  readonly bsize: number
  readonly blocks: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
}

// The magic number of btrfs, statfs(2).
const BTRFS = 0x9123683e

/**
 * What btrfs reports as available and gives to nobody: the reserve of its own trees where data and metadata share
 * their room. Measured on 128 MiB: creating and renaming failed at 1.9 MB of it, renaming worked from 3.2 MB on. The
 * kernel knows: btrfs_statfs() puts the guess at 4 MiB and says that it cannot be exact.
 */
const BTRFS_OWN_BYTES = 3 * MIB

/** The state of a volume for an unprivileged process: the blocks kept for root are not ours to promise. */
export function freeSpaceFrom({ type, bsize, blocks, bavail, files, ffree }: VolumeFigures): FreeSpace {
  const ownBytes = sharesRoomWithItsTrees({ type }) ? BTRFS_OWN_BYTES : 0
  return {
    freeBytes: Math.max(0, bavail * bsize - ownBytes),
    totalBytes: blocks * bsize,
    freeEntries: files === 0 ? null : ffree,
    totalEntries: files === 0 ? null : files,
  }
}

/** Whether even a rename or a changed row takes new room, and much of it, on such a file system. */
export function sharesRoomWithItsTrees({ type }: Pick<VolumeFigures, 'type'>): boolean {
  return type === BTRFS
}

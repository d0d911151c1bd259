import { randomFillSync } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { sharesRoomWithItsTrees } from '../../core/free-space.ts'

// Four files and not one: opening a database on a volume without free inodes takes two of them.
const FILES = 4
const FILE_BYTES = 64 * 1024
// Of 3 MiB in all, because a rename on a full btrfs succeeded once 1.6 MiB had been given up, and not before.
const BTRFS_FILE_BYTES = 768 * 1024

/**
 * Room kept beside the database and given up when even a delete finds none: SQLite refuses `DELETE FROM` on a
 * completely full disk.
 */
export interface Ballast {
  /** Gives the room up. @returns false if it was given up before */
  release(): boolean
  /** Takes the room again if it was given up and the disk has it. Never fails. */
  restore(): void
}

export function ballastIn(directory: string): Ballast {
  const files = Array.from({ length: FILES }, (_, index) => join(directory, `ballast-${index}`))
  const bytes = sharesRoomWithItsTrees(statfsSync(directory)) ? BTRFS_FILE_BYTES : FILE_BYTES
  // A crash may have left some of them, or a part of one: that is room to give up, and not yet the whole.
  let held = files.every((file) => sizeOf(file) === bytes)
  return {
    release() {
      const released = files.some((file) => existsSync(file))
      for (const file of files) rmSync(file, { force: true })
      held = false
      return released
    },
    restore() {
      if (held) return
      try {
        for (const file of files) fill(file, bytes)
        held = true
      } catch {
        // No room yet: what was written is handed back, and the next delete tries again.
        for (const file of files) rmSync(file, { force: true })
      }
    },
  }
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size
}

// Random bytes, because a compressing file system would store zeros in no room at all.
function fill(file: string, count: number): void {
  const bytes = randomFillSync(new Uint8Array(count))
  const handle = openSync(file, 'w', 0o600)
  try {
    for (let written = 0; written < count; ) written += writeSync(handle, bytes, written)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

import { randomFillSync } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

// Four files and not one: opening a database on a volume without free inodes takes two of them.
const FILES = 4
const FILE_BYTES = 64 * 1024

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
  // A crash may have left some of them, or a part of one: that is room to give up, and not yet the whole.
  let held = files.every(isWhole)
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
        for (const file of files) fill(file)
        held = true
      } catch {
        // No room yet: what was written is handed back, and the next delete tries again.
        for (const file of files) rmSync(file, { force: true })
      }
    },
  }
}

function isWhole(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.size === FILE_BYTES
}

// Random bytes, because a compressing file system would store zeros in no room at all.
function fill(file: string): void {
  const bytes = randomFillSync(new Uint8Array(FILE_BYTES))
  const handle = openSync(file, 'w', 0o600)
  try {
    for (let written = 0; written < FILE_BYTES; ) written += writeSync(handle, bytes, written)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

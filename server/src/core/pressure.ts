import type { DiskRoom } from './ledger.ts'

// What counts as small: a sixteenth of the room that is kept for it.
const SMALL_PART = 16

/**
 * What one file may have of the room on the disk: large before small is refused. The last `smallOnlyBytes` are given
 * to small files alone, so that one upload cannot take what many small writes need.
 *
 * This is one number for every room, and everything up to it is granted: so what is shown as available and what is
 * granted agree by construction, because both are this function of the same room.
 */
export function mostForOne({ bytes, smallOnlyBytes }: Pick<DiskRoom, 'bytes' | 'smallOnlyBytes'>): number {
  const smallBytes = Math.floor(smallOnlyBytes / SMALL_PART)
  return Math.max(bytes - smallOnlyBytes, Math.min(bytes, smallBytes))
}

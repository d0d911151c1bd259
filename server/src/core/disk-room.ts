import type { Deps } from './deps.ts'
import type { DiskRoom } from './ledger.ts'
import { mostForOne } from './pressure.ts'
import type { Totals } from './resource.ts'

/** What a file costs beyond its bytes: the last block rounded up, and a block for directory and inode. */
export const OVERHEAD_BYTES = 8192

/** What the disk alone leaves for a new file, never negative; nothing where it has no inode left for one. */
export function availableOnDisk(room: DiskRoom): number {
  if (room.entries < 1) return 0
  return Math.max(0, mostForOne({ ...room, bytes: room.bytes - OVERHEAD_BYTES }))
}

/** Room on the disk at this moment, all claims subtracted. */
export async function currentDiskRoom(deps: Deps): Promise<DiskRoom> {
  return diskRoom(deps)(await deps.state.ledger.claimedOnDisk())
}

/**
 * The watermark over the content's device and the state's. Read inside the ledger's transaction. What is written by
 * this process cannot change in between; what is copied by the system can, and is asked for before the free space: so
 * the answer is smaller than the truth, never larger.
 */
export function diskRoom(deps: Deps): (claimed: Totals) => DiskRoom {
  return (claimed) => {
    let copyingBytes = 0
    for (const running of deps.running.values()) copyingBytes += running.copyingBytes?.() ?? 0
    const volume = deps.store.freeSpace()
    const state = deps.state.freeSpace()
    let { bytes, entries } = claimed
    bytes -= copyingBytes
    for (const { written } of deps.running.values()) {
      bytes -= written.bytes
      entries -= written.entries
    }
    const stateIsFull = state !== null && state.freeBytes < deps.limits.keepFreeStateBytes
    return {
      smallOnlyBytes: deps.limits.smallOnlyBytes,
      bytes: stateIsFull ? 0 : volume.freeBytes - deps.limits.keepFreeBytes - Math.max(0, bytes),
      entries:
        volume.freeEntries === null
          ? Number.MAX_SAFE_INTEGER
          : volume.freeEntries - deps.limits.keepFreeEntries - Math.max(0, entries),
    }
  }
}

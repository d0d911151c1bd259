import type { Deps } from './deps.ts'
import { availableOnDisk, currentDiskRoom } from './disk-room.ts'
import type { DiskRoom } from './ledger.ts'
import type { ResourcePath } from './path.ts'

/** What a client is told of the space around a collection (RFC 4331 §3, §4). */
export interface Figures {
  /** Of the innermost space; true also when it is above the limit. */
  readonly usedBytes: number
  /** What a new file may have: the smallest rest of all spaces and of the disk, never negative. */
  readonly availableBytes: number
  /** The limit of the innermost space that has one. */
  readonly limitBytes: number | null
}

/** Agrees with `reserve` by construction: both read the same ledger rows and the same `diskRoom`. */
export async function figures(deps: Deps, path: ResourcePath, disk?: DiskRoom): Promise<Figures> {
  const spaces = await deps.state.ledger.enclosing(path)
  const room = disk ?? (await currentDiskRoom(deps))
  const rests = spaces
    .filter((space) => space.enforcedBytes !== null)
    .map((space) => (space.enforcedBytes ?? 0) - space.usedBytes - space.reservedBytes)
  return {
    usedBytes: spaces[0]?.usedBytes ?? 0,
    availableBytes: Math.max(0, Math.min(availableOnDisk(room), ...rests)),
    limitBytes: spaces.find((space) => space.enforcedBytes !== null)?.enforcedBytes ?? null,
  }
}

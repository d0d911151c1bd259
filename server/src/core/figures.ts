import type { Deps } from './deps.ts'
import { availableOnDisk, currentDiskRoom } from './disk-room.ts'
import type { DiskRoom, Space } from './ledger.ts'
import type { ResourcePath } from './path.ts'

/** What a client is told of the space around a collection (RFC 4331 §3, §4). */
export interface Figures {
  /** Of the innermost space; true also when it is above the limit. */
  readonly usedBytes: number
  /** What a new file may have: the smallest rest of all spaces and of the disk, never negative. */
  readonly availableBytes: number
  /** How many more files and collections there may be by the limits of all spaces; null where none limits them. */
  readonly availableEntries: number | null
  /** The limit of the innermost space that has one. */
  readonly limitBytes: number | null
}

/** Agrees with `reserve` by construction: both read the same ledger rows and the same `diskRoom`. */
export async function figures(deps: Deps, path: ResourcePath, disk?: DiskRoom): Promise<Figures> {
  const spaces = await deps.state.ledger.enclosing(path)
  const room = disk ?? (await currentDiskRoom(deps))
  return {
    usedBytes: spaces[0]?.usedBytes ?? 0,
    availableBytes: leastOf([availableOnDisk(room), ...spaces.map(availableIn)]) ?? 0,
    availableEntries: leastOf(spaces.map(entriesLeft)),
    limitBytes: spaces.find((space) => space.enforcedBytes !== null)?.enforcedBytes ?? null,
  }
}

/** What a space alone leaves for a new file, never negative: nothing where it takes no name more. Null without a limit. */
export function availableIn(space: Space): number | null {
  const { enforcedBytes, usedBytes, reservedBytes } = space
  if (entriesLeft(space) === 0) return 0
  return enforcedBytes === null ? null : Math.max(0, enforcedBytes - usedBytes - reservedBytes)
}

function entriesLeft({ limitEntries, usedEntries, reservedEntries }: Space): number | null {
  return limitEntries === null ? null : Math.max(0, limitEntries - usedEntries - reservedEntries)
}

/** Null where nothing is known: no limit. */
export function leastOf(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((each) => each !== null)
  return known.length === 0 ? null : Math.min(...known)
}

import type { Deps } from './deps.ts'
import { availableOnDisk, currentDiskRoom } from './disk-room.ts'
import { availableIn } from './figures.ts'
import type { DiskRoom, Space } from './ledger.ts'
import type { Limits } from './limits.ts'
import { contains, type ResourcePath } from './path.ts'

/** How near a space, or the disk, is to having nothing left; the worse ones come later. */
export const LEVELS = ['normal', 'near', 'critical', 'full'] as const

export type Level = (typeof LEVELS)[number]

/** How one space stands, or the disk. */
export interface Standing {
  /** Null for the disk. */
  readonly path: ResourcePath | null
  readonly level: Level
  /** The same by lower thresholds: what the level must have fallen to before anybody is told that it fell. */
  readonly fallingLevel: Level
  /** Null for the disk, of which a client is told only what is left. */
  readonly usedBytes: number | null
  /** Granted to requests that still run. */
  readonly reservedBytes: number | null
  readonly limitBytes: number | null
  /** When a soft limit that is passed begins to refuse; null while it is not passed. */
  readonly graceEndsMs: number | null
  /** What this one alone leaves for a new file, never negative; null without a limit. */
  readonly availableBytes: number | null
}

/** Those of the spaces, innermost first, and then that of the disk. */
export type Standings = readonly [...Standing[], Standing]

/**
 * How every space around `path` stands, innermost first, and then the disk. Read from the rows and the disk room
 * that `reserve` decides by, so that a level says what the next request will meet.
 */
export async function standings(deps: Deps, path: ResourcePath, disk?: DiskRoom): Promise<Standings> {
  const spaces = await deps.state.ledger.enclosing(path)
  const room = disk ?? (await currentDiskRoom(deps))
  return [...spaces.map((space) => spaceStanding(space, deps.limits)), diskStanding(room, deps.limits)]
}

/** How every space there is stands, and the disk. */
export async function allStandings(deps: Deps): Promise<Standings> {
  const spaces = await deps.state.ledger.spaces()
  const room = await currentDiskRoom(deps)
  return [...spaces.map((space) => spaceStanding(space, deps.limits)), diskStanding(room, deps.limits)]
}

/** The one that stops a client first: the worst level, then the least room, then the innermost. */
export function binding(all: Standings): Standing {
  return all.reduce((worst, other) => {
    if (worst.level !== other.level) return isWorse(other.level, worst.level) ? other : worst
    return roomOf(other) < roomOf(worst) ? other : worst
  })
}

/** Those that bound what lies in one of them: itself, the spaces around it, and the disk. */
export function boundsOf({ path }: Standing, all: readonly Standing[]): readonly Standing[] {
  return all.filter((each) => each.path === null || (path !== null && contains(each.path, path)))
}

function roomOf({ availableBytes }: Standing): number {
  return availableBytes ?? Number.POSITIVE_INFINITY
}

export function isWorse(level: Level, than: Level): boolean {
  return LEVELS.indexOf(level) > LEVELS.indexOf(than)
}

/** By used and reserved together, bytes or names, whichever is nearer to its limit; near above a soft limit. */
export function spaceStanding(
  space: Space,
  { nearPercent, criticalPercent }: Pick<Limits, 'nearPercent' | 'criticalPercent'>,
): Standing {
  const { path, usedBytes, reservedBytes, enforcedBytes: limitBytes } = space
  const percent = Math.max(
    percentOf(usedBytes + reservedBytes, limitBytes),
    percentOf(space.usedEntries + space.reservedEntries, space.limitEntries),
  )
  const thresholds = [nearPercent, criticalPercent, 100]
  const { overSinceMs, graceSeconds } = space
  const levelBy = (limits: readonly number[]): Level =>
    levelOf(limits.map((threshold, index) => percent >= threshold || (index === 0 && overSinceMs !== null)))
  return {
    path,
    level: levelBy(thresholds),
    fallingLevel: levelBy(lowered(thresholds)),
    usedBytes,
    reservedBytes,
    limitBytes,
    graceEndsMs: overSinceMs === null ? null : overSinceMs + graceSeconds * 1000,
    availableBytes: availableIn(space),
  }
}

/** By the room above the reserve, in units of what a volume of this size keeps free by default. */
export function diskStanding(room: DiskRoom, { diskUnitBytes }: Pick<Limits, 'diskUnitBytes'>): Standing {
  const availableBytes = availableOnDisk(room)
  const thresholds = [4 * diskUnitBytes, diskUnitBytes, 1]
  const higher = [5 * diskUnitBytes, 1.25 * diskUnitBytes, Math.max(1, diskUnitBytes / 4)]
  return {
    path: null,
    level: levelOf(thresholds.map((threshold) => availableBytes < threshold)),
    fallingLevel: levelOf(higher.map((threshold) => availableBytes < threshold)),
    usedBytes: null,
    reservedBytes: null,
    limitBytes: null,
    graceEndsMs: null,
    availableBytes,
  }
}

/** @param passed whether the thresholds of near, critical and full are passed */
function levelOf(passed: readonly boolean[]): Level {
  return LEVELS[passed.lastIndexOf(true) + 1] ?? 'full'
}

// By five points, but by no more than half of the way to the next threshold below.
function lowered(thresholds: readonly number[]): readonly number[] {
  return thresholds.map((threshold, index) => {
    const below = thresholds[index - 1] ?? 0
    return threshold - Math.min(5, (threshold - below) / 2)
  })
}

// Below 100 as long as one byte is left, for every number of bytes that JavaScript can count exactly.
function percentOf(used: number, limit: number | null): number {
  if (limit === null) return 0
  return used >= limit ? 100 : (used / limit) * 100
}

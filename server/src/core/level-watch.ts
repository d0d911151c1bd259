import type { Deps } from './deps.ts'
import { leastOf } from './figures.ts'
import { type Filling, type Forecast, filling } from './filling.ts'
import { allStandings, boundsOf, isWorse, type Level, type Standing } from './levels.ts'
import type { ResourcePath } from './path.ts'

/** A space, or the disk, is at another level than before. */
export interface LevelChange extends Forecast {
  /** Null for the disk. */
  readonly path: ResourcePath | null
  readonly level: Level
  readonly before: Level
  readonly usedBytes: number | null
  readonly reservedBytes: number | null
  readonly limitBytes: number | null
  readonly graceEndsMs: number | null
  /** What a new file there may have, by every bound. */
  readonly availableBytes: number | null
  readonly atMs: number
}

export interface LevelWatch {
  /** Looks at what a request has left behind, and says once what has changed. */
  see(all: readonly Standing[]): void
  /** Looks at every space there is, on a timer: how fast they fill, and what others did to the disk. */
  look(atSeconds: number): Promise<void>
  /** What was last seen; null for the disk. */
  levelOf(path: ResourcePath | null): Level
  /** How fast one of `all` fills, and when the first of the bounds around it will be reached. */
  forecast(standing: Standing, all: readonly Standing[]): Forecast
}

/**
 * Notices when a level changes. It rises at once and falls late, by lower thresholds, so that a space around a
 * threshold is not announced again and again. What was noticed ends with the process: a server that starts near a
 * limit says so once more.
 */
export function levelWatch(deps: Deps, announce: (change: LevelChange) => void): LevelWatch {
  const watched = new Map<ResourcePath | null, Watched>()
  const forecast = (standing: Standing, all: readonly Standing[]): Forecast => {
    const each = (one: Standing) => (watched.get(one.path)?.filling ?? filling()).forecast(one.availableBytes)
    const ends = boundsOf(standing, all).map((bound) => each(bound).secondsUntilFull)
    return { bytesPerDay: each(standing).bytesPerDay, secondsUntilFull: leastOf(ends) }
  }
  const see = (standing: Standing, all: readonly Standing[]): void => {
    const known = watched.get(standing.path) ?? { level: 'normal', filling: filling() }
    const { level } = known
    known.level = nextLevel(level, standing)
    watched.set(standing.path, known)
    if (known.level === level) return
    const numbers = {
      ...forecast(standing, all),
      availableBytes: leastOf(boundsOf(standing, all).map(({ availableBytes }) => availableBytes)),
    }
    const change = { ...changeOf(standing, known.level, level), ...numbers, atMs: deps.nowMs() }
    log(deps, change)
    announce(change)
  }
  return {
    see(all) {
      for (const standing of all) see(standing, all)
    },
    async look(atSeconds) {
      const present = await allStandings(deps)
      const paths = new Set(present.map(({ path }) => path))
      for (const path of watched.keys()) if (!paths.has(path)) watched.delete(path)
      for (const standing of present) {
        see(standing, present)
        // Of the disk only the rest is known, which says as much about the rate.
        const filled = standing.usedBytes ?? -(standing.availableBytes ?? 0)
        watched.get(standing.path)?.filling.sample(filled, atSeconds)
      }
    },
    levelOf: (path) => watched.get(path)?.level ?? 'normal',
    forecast,
  }
}

interface Watched {
  level: Level
  readonly filling: Filling
}

function nextLevel(before: Level, { level, fallingLevel }: Standing): Level {
  if (!isWorse(before, level)) return level
  return isWorse(before, fallingLevel) ? fallingLevel : before
}

/** What the standing itself says. */
function changeOf(standing: Standing, level: Level, before: Level) {
  const { path, usedBytes, reservedBytes, limitBytes, graceEndsMs } = standing
  return { path, level, before, usedBytes, reservedBytes, limitBytes, graceEndsMs }
}

function log({ log }: Deps, { path, level, before, atMs: _, ...numbers }: LevelChange): void {
  const known = Object.entries(numbers).filter(([, value]) => value !== null)
  const say = isWorse(level, before) ? log.warn : log.info
  say(`${path ?? 'the disk'} is at level ${level}, before at ${before}`, {
    event: 'level',
    space: path ?? 'disk',
    // Not `level`, which is how grave a line of the log is.
    now: level,
    before,
    ...Object.fromEntries(known),
  })
}

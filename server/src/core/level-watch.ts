import type { Deps } from './deps.ts'
import { type Filling, type Forecast, filling } from './filling.ts'
import { allStandings, isWorse, type Level, type Standing } from './levels.ts'
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
  forecast(standing: Standing): Forecast
}

/**
 * Notices when a level changes. It rises at once and falls late, by lower thresholds, so that a space around a
 * threshold is not announced again and again. What was noticed ends with the process: a server that starts near a
 * limit says so once more.
 */
export function levelWatch(deps: Deps, announce: (change: LevelChange) => void): LevelWatch {
  const watched = new Map<ResourcePath | null, Watched>()
  const see = (standing: Standing): void => {
    const known = watched.get(standing.path) ?? { level: 'normal', filling: filling() }
    const { level } = known
    known.level = nextLevel(level, standing)
    watched.set(standing.path, known)
    if (known.level === level) return
    const change = changeOf(deps, known, { standing, before: level })
    log(deps, change)
    announce(change)
  }
  return {
    see: (all) => all.forEach(see),
    async look(atSeconds) {
      const present = await allStandings(deps)
      const paths = new Set(present.map(({ path }) => path))
      for (const path of watched.keys()) if (!paths.has(path)) watched.delete(path)
      for (const standing of present) {
        see(standing)
        // Of the disk only the rest is known, which says as much about the rate.
        const filled = standing.usedBytes ?? -(standing.availableBytes ?? 0)
        watched.get(standing.path)?.filling.sample(filled, atSeconds)
      }
    },
    levelOf: (path) => watched.get(path)?.level ?? 'normal',
    forecast(standing) {
      return (watched.get(standing.path)?.filling ?? filling()).forecast(standing.availableBytes)
    },
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

function changeOf(
  deps: Deps,
  { level, filling }: Watched,
  { standing, before }: { standing: Standing; before: Level },
): LevelChange {
  const { path, usedBytes, reservedBytes, limitBytes, graceEndsMs, availableBytes } = standing
  return {
    path,
    level,
    before,
    usedBytes,
    reservedBytes,
    limitBytes,
    graceEndsMs,
    availableBytes,
    ...filling.forecast(availableBytes),
    atMs: deps.nowMs(),
  }
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

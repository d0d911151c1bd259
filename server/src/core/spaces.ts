import type { Deps } from './deps.ts'
import { currentDiskRoom } from './disk-room.ts'
import { figures } from './figures.ts'
import type { Forecast } from './filling.ts'
import { NO_LIMITS, type Space, type SpaceLimits } from './ledger.ts'
import { type Level, spaceStanding } from './levels.ts'
import { contains, type ResourcePath, ROOT } from './path.ts'
import { whenSettled } from './postponed.ts'
import { recount, walkThrough } from './reconcile.ts'
import { StartError } from './start-error.ts'

/** A space as its operator sees it. Sizes in bytes, times in milliseconds since 1970. */
export interface SpaceReport {
  readonly path: ResourcePath
  readonly kind: Space['kind']
  readonly isConfigured: boolean
  readonly limits: SpaceLimits
  /** What is used, by what uses it; `fileBytes` are lengths. */
  readonly fileBytes: number
  readonly propertyBytes: number
  readonly entries: number
  /** Promised to requests that still run. */
  readonly reservedBytes: number
  readonly reservedEntries: number
  /** What a new file in it may have, by all limits around it and the disk. */
  readonly availableBytes: number
  /** How many more files and folders in it there may be; null where no limit around it says. */
  readonly availableEntries: number | null
  readonly level: Level
  /** Locks rooted in it. They are charged to nobody. */
  readonly locks: number
  /** Since when the soft limit is passed, and when it begins to refuse; null while it is not passed. */
  readonly overSinceMs: number | null
  readonly refusesAtMs: number | null
  /** Null where no server runs that could have watched. */
  readonly forecast: Forecast | null
}

/** What a report needs besides the ports. */
export interface Watching {
  forecastOf(path: ResourcePath): Promise<Forecast | null>
}

export async function listSpaces(deps: Deps, watching: Watching): Promise<readonly SpaceReport[]> {
  return await reportsOf(deps, watching, await deps.state.ledger.spaces())
}

/** @throws StartError if it is no space */
export async function showSpace(deps: Deps, watching: Watching, path: ResourcePath): Promise<SpaceReport> {
  const space = await required(deps, path)
  const [report] = await reportsOf(deps, watching, [space])
  if (report === undefined) throw new Error(`there is no report of ${path}`)
  return report
}

/**
 * Gives a collection limits, or changes those it has; what is not said stays. A limit below what is used is accepted:
 * it refuses growth only.
 * @throws StartError if there is no such collection, or its limits stand in the configuration
 */
export async function changeLimits(
  deps: Deps,
  path: ResourcePath,
  change: Partial<SpaceLimits>,
): Promise<Space> {
  await requireChangeable(deps, path)
  // A folder that others have made behind the server's back is not recorded yet.
  if ((await deps.state.ledger.record(path)) === null) await walkThrough(recount(deps, path))
  return await whenSettled(deps, [path], async (_tx) => {
    // It may have moved away meanwhile, and what moves takes its limits along.
    const before = await requireChangeable(deps, path)
    const limits = requireSense(limitsOf(before), change)
    return await deps.state.ledger.setSpace({ path, kind: before?.kind ?? 'collection', limits })
  })
}

/** @returns the limits it has already; null for none */
async function requireChangeable(deps: Deps, path: ResourcePath): Promise<Space | null> {
  const before = await spaceAt(deps, path)
  if (before?.isConfigured) throw configured(path)
  if (path !== ROOT && (await deps.store.stat(path))?.kind !== 'collection') {
    throw new StartError(
      `there is no folder ${path}`,
      'Limits are set on a folder that is there: create it first.',
    )
  }
  return before
}

/** @throws StartError if it is no space, or one of the configuration */
export async function removeSpace(deps: Deps, path: ResourcePath): Promise<void> {
  const space = await required(deps, path)
  if (space.isConfigured) throw configured(path)
  await deps.state.ledger.removeSpace(path)
}

/** The same check whether limits come together or one after the other. @throws StartError */
function requireSense(before: SpaceLimits, change: Partial<SpaceLimits>): SpaceLimits {
  const limits = { ...before, ...change }
  const { softLimitBytes, limitBytes } = limits
  if (softLimitBytes === null) {
    if (change.graceSeconds) throw graceOfNothing()
    return { ...limits, graceSeconds: 0 }
  }
  if (limitBytes === null || softLimitBytes <= limitBytes) return limits
  throw new StartError(
    `the soft limit (${softLimitBytes} bytes) is above the limit (${limitBytes} bytes)`,
    'Nobody could ever pass it: make it smaller, or raise the limit.',
  )
}

function graceOfNothing(): StartError {
  return new StartError(
    'a grace without a soft limit means nothing',
    'It is the time for which a soft limit may be passed: give --soft-limit too.',
  )
}

/** Locks and disk are the same for all of them, and read once. */
async function reportsOf(
  deps: Deps,
  watching: Watching,
  spaces: readonly Space[],
): Promise<readonly SpaceReport[]> {
  const locks = await deps.state.locks.all(deps.nowMs())
  const disk = await currentDiskRoom(deps)
  const reports: SpaceReport[] = []
  for (const space of spaces) {
    const { path } = space
    const { availableBytes, availableEntries } = await figures(deps, path, disk)
    reports.push({
      ...describe(deps, space),
      availableBytes,
      availableEntries,
      locks: locks.filter(({ root }) => contains(path, root)).length,
      forecast: await watching.forecastOf(path),
    })
  }
  return reports
}

/** What the space itself says. */
function describe(
  deps: Deps,
  space: Space,
): Omit<SpaceReport, 'availableBytes' | 'availableEntries' | 'locks' | 'forecast'> {
  const { path, kind, isConfigured, usedBytes, usedPropertyBytes, overSinceMs } = space
  return {
    path,
    kind,
    isConfigured,
    limits: limitsOf(space),
    fileBytes: usedBytes - usedPropertyBytes,
    propertyBytes: usedPropertyBytes,
    entries: space.usedEntries,
    reservedBytes: space.reservedBytes,
    reservedEntries: space.reservedEntries,
    level: spaceStanding(space, deps.limits).level,
    overSinceMs,
    refusesAtMs: overSinceMs === null ? null : overSinceMs + space.graceSeconds * 1000,
  }
}

async function spaceAt(deps: Deps, path: ResourcePath): Promise<Space | null> {
  const [space] = await deps.state.ledger.enclosing(path)
  return space?.path === path ? space : null
}

async function required(deps: Deps, path: ResourcePath): Promise<Space> {
  const space = await spaceAt(deps, path)
  if (space !== null) return space
  throw new StartError(`${path} has no limits of its own`, 'plimsoll space list shows those there are.')
}

function configured(path: ResourcePath): StartError {
  return new StartError(
    `the limits of ${path} stand in the configuration`,
    'Change them there and start the server again; plimsoll config shows where.',
  )
}

function limitsOf(space: Space | null): SpaceLimits {
  if (space === null) return NO_LIMITS
  const { limitBytes, limitEntries, limitFileBytes, limitPropertyBytes, softLimitBytes, graceSeconds } = space
  return { limitBytes, limitEntries, limitFileBytes, limitPropertyBytes, softLimitBytes, graceSeconds }
}

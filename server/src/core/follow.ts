import type { Deps } from './deps.ts'
import { type DriftLog, driftLog } from './drift-log.ts'
import { forgetGone } from './orphans.ts'
import { againMs, restMs } from './pace.ts'
import { memberPath, type ResourcePath, ROOT } from './path.ts'
import { correctAt, type Looked } from './reconcile.ts'
import { sweep } from './rounds.ts'
import { type Change, type ToldChanges, toldChanges } from './told-changes.ts'
import { type FolderWatch, type OpenWatch, WatchFailure, type WatchListener } from './watch.ts'

export interface Follower {
  /** Does the next piece of work: one collection. @returns in how many milliseconds there is more, for what is known */
  step(): Promise<number>
  isWatching(): boolean
  close(): void
}

export interface Following {
  readonly open: OpenWatch
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number
  /** Called when there will be something to do in so many milliseconds. */
  readonly wake: (inMs: number) => void
  /** Called when nothing is watched any more. */
  readonly ended: () => void
}

// A program that writes many files is left a moment to write some more.
const DEBOUNCE_MS = 200
const RETRY_MS = 30_000
const START_OVER_MS = 10_000

/**
 * Lets the counters follow what other programs change in the folder. At first every collection is visited, watched and
 * counted; then those of which a change is told. The server's own writes are told too: then the count is as recorded,
 * and nothing else is done. Where the system watches no more it says so once, and ends.
 */
export function follower(deps: Deps, following: Following): Follower {
  const { open, now, ended } = following
  const told = toldChanges()
  const found: Found = { told, drifts: driftLog(deps.log, now), needsSweep: true, hasMissed: false }
  const sweepOn = sweeper(deps, found)
  let watch: FolderWatch | null = null
  let isVisiting = true
  let hasEnded = false
  told.add(ROOT, null)
  const end = (): void => {
    hasEnded = true
    watch?.close()
  }
  const fail = ({ message }: WatchFailure): void => {
    end()
    const instead = { everySeconds: deps.limits.roundSeconds }
    deps.log.warn(`all folders are looked at in rounds, changes by others are not told: ${message}`, instead)
    ended()
  }
  const step = async (): Promise<number> => {
    watch ??= open({ ...remembering(found, following), failed: fail })
    const change = told.take(now())
    if (change !== null) return restMs(await lookOrRetry(deps, { watch, now, found }, change))
    if (isVisiting) deps.log.info('changes by other programs are seen', { folders: watch.count() })
    isVisiting = false
    const swept = await sweepOn()
    if (swept !== null) return restMs(swept)
    found.drifts.tell()
    return told.dueInMs(now()) ?? Number.POSITIVE_INFINITY
  }
  return {
    async step() {
      try {
        return hasEnded ? Number.POSITIVE_INFINITY : await step()
      } catch (error) {
        if (!(error instanceof WatchFailure)) throw error
        fail(error)
        return Number.POSITIVE_INFINITY
      }
    },
    isWatching: () => !hasEnded,
    close: end,
  }
}

/** What the looks find, and what is left to do about it. */
interface Found {
  readonly told: ToldChanges
  readonly drifts: DriftLog
  /** Something may be gone that no look at a folder will find. */
  needsSweep: boolean
  /** Something may have changed that nobody told: everything is to be visited anew. */
  hasMissed: boolean
}

function remembering(found: Found, { now, wake }: Following): Pick<WatchListener, 'changed' | 'missed'> {
  return {
    changed(path, name) {
      found.told.add(path, name)
      wake(DEBOUNCE_MS)
    },
    missed() {
      if (found.hasMissed) return
      found.hasMissed = true
      found.told.postpone(ROOT, now() + START_OVER_MS)
      wake(START_OVER_MS)
    },
  }
}

/** @returns what makes one step of a sweep, if one is needed, and says how much was looked at; null at its end */
function sweeper(deps: Deps, found: Found): () => Promise<number | null> {
  let running: AsyncGenerator<Looked> | null = null
  return async () => {
    if (found.needsSweep) running = sweep(deps)
    found.needsSweep = false
    const next = await running?.next().catch((error: unknown) => {
      deps.log.error('what is gone could not be looked for', { error })
    })
    if (!next || next.done === true) {
      running = null
      return null
    }
    found.drifts.add(next.value.drift)
    return next.value.members
  }
}

interface Tools {
  readonly watch: FolderWatch
  readonly now: () => number
  readonly found: Found
}

/**
 * What fails keeps nothing else from being looked at: a full disk, or too many open files, come to an end.
 * @returns at how many members it looked
 */
async function lookOrRetry(deps: Deps, { watch, now, found }: Tools, change: Change): Promise<number> {
  const { path } = change
  try {
    const members = await look(deps, watch, found, change)
    found.told.rest(path, now() + againMs(members, deps.limits.followSeconds))
    return members
  } catch (error) {
    if (error instanceof WatchFailure) throw error
    deps.log.error('a changed folder could not be counted and is tried again', { path, error })
    found.needsSweep = true
    found.told.postpone(path, now() + RETRY_MS)
    return 0
  }
}

async function look(deps: Deps, watch: FolderWatch, found: Found, { path, names }: Change): Promise<number> {
  if (path === ROOT && found.hasMissed) startOver(watch, found)
  requireFewEnough(deps, watch, path)
  // Watched before it is counted, so that what changes after the count is told.
  const isReplaced = watch.add(path) === 'replaced'
  const { drift, collections, members } = await correctAt(deps, path)
  found.drifts.add(drift)
  if (collections === null) {
    watch.forget(path)
    await forgetGone(deps, [path])
    return members
  }
  for (const collection of collections) if (!watch.has(collection)) found.told.add(collection, null)
  if (isReplaced || names === null) found.needsSweep = true
  const named = (names ?? []).map((name) => memberPath(path, name))
  // Another folder may have this name now.
  for (const member of named) if (watch.has(member)) found.told.add(member, null)
  await forgetGone(deps, named)
  return members
}

function startOver(watch: FolderWatch, found: Found): void {
  found.hasMissed = false
  found.needsSweep = true
  watch.forget(ROOT)
}

function requireFewEnough({ limits }: Deps, watch: FolderWatch, path: ResourcePath): void {
  if (watch.count() < limits.watchedFolders || watch.has(path)) return
  throw new WatchFailure(`there are more than ${limits.watchedFolders} folders`)
}

import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import type { Drift, FolderCount } from './ledger.ts'
import { contains, type ResourcePath, ROOT } from './path.ts'
import { settlePostponed } from './postponed.ts'
import type { Totals } from './resource.ts'

/** How far a walk has come, and what it has found at its last step. */
export interface Walked {
  /** Sums of all folders so far. */
  readonly counted: Totals
  /** What that takes on the disk. */
  readonly allocatedBytes: number
  readonly folders: number
  readonly drift: Drift | null
}

/** Compares the records of a tree with what lies on the disk, folder by folder, and changes nothing. */
export function check(deps: Deps, path: ResourcePath): AsyncGenerator<Walked> {
  const { ledger } = deps.state
  return reconcile(deps, path, {
    counted: (folder) => ledger.compare(folder),
    gone: async (at) => {
      const recorded = await ledger.record(at)
      return recorded && { path: at, recorded, counted: null }
    },
  })
}

/**
 * Makes the records of a tree, and the counters of every space with them, what lies on the disk: the folder is the
 * truth. Safe while requests run: a folder is counted while nothing in it can change.
 */
export function recount(deps: Deps, path: ResourcePath): AsyncGenerator<Walked> {
  return reconcile(deps, path, correcting(deps))
}

/**
 * The count at start: what was changed while no server ran is corrected, and said in the log. Yields the sums so far.
 */
export async function* recountAtStart(deps: Deps): AsyncGenerator<Totals> {
  const { ledger } = deps.state
  const recorded = await ledger.record(ROOT)
  const drifted: ResourcePath[] = []
  let counted: Totals = { bytes: 0, entries: 0 }
  for await (const step of recount(deps, ROOT)) {
    if (step.drift !== null) drifted.push(step.drift.path)
    counted = step.counted
    yield counted
  }
  await ledger.recountSpaces()
  if (recorded === null || drifted.length === 0) return
  deps.log.warn('the folder differs from the counters, which are corrected', {
    countedBytes: counted.bytes,
    countedEntries: counted.entries,
    recordedBytes: recorded.bytes,
    recordedEntries: recorded.entries,
    folders: drifted.slice(0, MOST_NAMED_FOLDERS),
  })
}

const MOST_NAMED_FOLDERS = 20

/** Corrects the records below `path` within a critical section that holds it. */
export async function correctBelow(deps: Deps, path: ResourcePath): Promise<void> {
  const visit = correcting(deps)
  await walkThrough(folders(path, (at) => visited(deps, at, visit)))
  for await (const gone of goneFolders(deps, path)) await visit.gone(gone)
}

/** Goes to the end of a walk whose steps nobody looks at. */
export async function walkThrough(walk: AsyncGenerator<unknown>): Promise<void> {
  for (let step = await walk.next(); step.done !== true; ) step = await walk.next()
}

/** A piece of the work of correcting. */
export interface Looked {
  /** What was different. */
  readonly drift: Drift | null
  /** At how much was looked. */
  readonly members: number
}

export interface Corrected extends Looked {
  /** Those among its members; null where the folder is gone. */
  readonly collections: readonly ResourcePath[] | null
}

/**
 * Corrects one folder, after something may have changed in it. Most of the time it is as recorded, which is seen without
 * keeping anybody waiting; what changes in that moment will be a reason to look again.
 */
export async function correctAt(deps: Deps, path: ResourcePath): Promise<Corrected> {
  const seen = await tallyOf(deps, path)
  const isAsRecorded = seen !== null && (await deps.state.ledger.compare(seen.folder)) === null
  if (isAsRecorded) {
    return { drift: null, collections: seen.collections, members: seen.folder.entries }
  }
  const { tally, drift } = await exclusively(deps, path, correcting(deps))
  return { drift, collections: tally?.collections ?? null, members: tally?.folder.entries ?? 0 }
}

/** Corrects the records whose folders are gone, in pieces so small that requests have their turn in between. */
export async function* correctGone(deps: Deps): AsyncGenerator<Looked> {
  for await (const page of deps.state.ledger.folders(ROOT)) {
    for (const folder of page) {
      if (!(await isGone(deps, folder))) continue
      const { drift } = await exclusively(deps, folder, correcting(deps))
      yield { drift, members: 1 }
    }
    yield { drift: null, members: page.length }
  }
}

/** What is done with a folder that was counted, and with a record whose folder is gone. */
interface Visit {
  counted(folder: FolderCount): Promise<Drift | null>
  gone(path: ResourcePath): Promise<Drift | null>
}

function correcting(deps: Deps): Visit {
  return { counted: (folder) => deps.state.ledger.correct(folder), gone: (path) => forgetFolder(deps, path) }
}

/** Limits that end without a word would be missed when they are needed. */
async function forgetFolder({ state: { ledger }, log }: Deps, path: ResourcePath): Promise<Drift | null> {
  if ((await ledger.record(path)) === null) return null
  const ended = (await ledger.spaces()).filter((space) => !space.isConfigured && contains(path, space.path))
  const drift = await ledger.forgetFolder(path)
  if (drift === null || ended.length === 0) return drift
  for (const space of ended) {
    const { path: at, limitBytes, limitEntries } = space
    log.warn('limits set by command have ended, because their folder is gone', {
      space: at,
      limitBytes,
      limitEntries,
    })
  }
  return { ...drift, ended }
}

async function* reconcile(deps: Deps, path: ResourcePath, visit: Visit): AsyncGenerator<Walked> {
  let sum = { counted: { bytes: 0, entries: 0 }, allocatedBytes: 0, folders: 0 }
  for await (const { tally, drift } of folders(path, (at) => exclusively(deps, at, visit))) {
    if (tally !== null) sum = add(sum, tally)
    yield { ...sum, drift }
  }
  let reported: ResourcePath | null = null
  for await (const gone of goneFolders(deps, path)) {
    if (reported !== null && contains(reported, gone)) continue
    const { drift } = await exclusively(deps, gone, visit)
    if (drift?.counted === null) reported = gone
    yield { ...sum, drift }
  }
}

type Sum = Omit<Walked, 'drift'>

function add({ counted, allocatedBytes, folders }: Sum, tally: Tally): Sum {
  const { bytes, entries } = tally.folder
  return {
    counted: { bytes: counted.bytes + bytes, entries: counted.entries + entries },
    allocatedBytes: allocatedBytes + tally.allocatedBytes,
    folders: folders + 1,
  }
}

interface Visited {
  /** Null where the folder is gone. */
  readonly tally: Tally | null
  readonly drift: Drift | null
}

function exclusively(deps: Deps, path: ResourcePath, visit: Visit): Promise<Visited> {
  return deps.state.exclusive([path], async (tx) => {
    // What is still to be settled would be counted twice: now, and when it is settled.
    const isSettled = (await settlePostponed(deps, tx, [path])) === null
    return await visited(deps, path, isSettled ? visit : NOTHING)
  })
}

const NOTHING: Visit = { counted: async () => null, gone: async () => null }

async function visited(deps: Deps, path: ResourcePath, visit: Visit): Promise<Visited> {
  const tally = await tallyOf(deps, path)
  return { tally, drift: await (tally === null ? visit.gone(path) : visit.counted(tally.folder)) }
}

interface Tally {
  readonly folder: FolderCount
  readonly allocatedBytes: number
  readonly collections: readonly ResourcePath[]
}

/** Every collection at and below `path`, outer ones first; only the names of those still to visit are held. */
async function* folders(
  path: ResourcePath,
  visitAt: (path: ResourcePath) => Promise<Visited>,
): AsyncGenerator<Visited> {
  const pending: ResourcePath[] = [path]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const found = await visitAt(at)
    yield found
    pending.push(...(found.tally?.collections ?? []))
  }
}

async function tallyOf(deps: Deps, path: ResourcePath): Promise<Tally | null> {
  const tally = await deps.store.tally(path)
  return tally && { ...tally, folder: { path, ...tally.totals } }
}

/** Recorded folders that are not there, outer ones first. */
async function* goneFolders(deps: Deps, path: ResourcePath): AsyncGenerator<ResourcePath> {
  for await (const page of deps.state.ledger.folders(path)) {
    for (const folder of page) {
      if (await isGone(deps, folder)) yield folder
    }
  }
}

/** What cannot be looked at may be there. */
async function isGone(deps: Deps, path: ResourcePath): Promise<boolean> {
  try {
    return (await deps.store.stat(path))?.kind !== 'collection'
  } catch (error) {
    if (!(error instanceof DavError)) throw error
    return false
  }
}

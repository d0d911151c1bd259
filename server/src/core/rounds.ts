import type { Deps } from './deps.ts'
import { driftLog } from './drift-log.ts'
import { forgetOrphans } from './orphans.ts'
import { restMs } from './pace.ts'
import { type ResourcePath, ROOT } from './path.ts'
import { correctAt, correctGone, type Looked } from './reconcile.ts'

export interface Rounds {
  /** Does the next piece of work: one collection. @returns in how many milliseconds there is more */
  step(): Promise<number>
}

export interface Pace {
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number
  /** Between the end of a round and the beginning of the next one. */
  readonly pauseSeconds: () => number
}

// At most 50 collections in a second: a round is not in a hurry.
const LEAST_PAUSE_MS = 20

/**
 * Looks at the whole folder again and again, slowly, one collection at a time, and corrects what differs from the
 * records: for what nobody tells. The first round begins after a pause, because a start counts too.
 */
export function rounds(deps: Deps, { now, pauseSeconds }: Pace): Rounds {
  const drifts = driftLog(deps.log, now)
  let endedMs = now()
  let running: AsyncGenerator<Looked> | null = null
  return {
    async step() {
      if (running === null) {
        const inMs = endedMs + pauseSeconds() * 1000 - now()
        if (inMs > 0) return inMs
        running = round(deps)
      }
      const next = await nextOf(deps, running)
      if (next !== null) {
        drifts.add(next.drift)
        return Math.max(LEAST_PAUSE_MS, restMs(next.members))
      }
      drifts.tell()
      running = null
      endedMs = now()
      return pauseSeconds() * 1000
    },
  }
}

/** A round that fails, on a full disk for example, is over; the next one begins anew. */
async function nextOf({ log }: Deps, running: AsyncGenerator<Looked>): Promise<Looked | null> {
  try {
    const next = await running.next()
    return next.done === true ? null : next.value
  } catch (error) {
    log.error('a round over the folder failed and is tried again', { error })
    return null
  }
}

async function* round(deps: Deps): AsyncGenerator<Looked> {
  const pending: ResourcePath[] = [ROOT]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const { collections, ...looked } = await correctAt(deps, at)
    pending.push(...(collections ?? []))
    yield looked
  }
  yield* sweep(deps)
}

/** Corrects and forgets what belonged to what is gone: what no look at a folder that is there can find. */
export async function* sweep(deps: Deps): AsyncGenerator<Looked> {
  yield* correctGone(deps)
  for await (const members of forgetOrphans(deps, ROOT)) yield { drift: null, members }
}

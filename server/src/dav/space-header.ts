import type { Deps } from '../core/deps.ts'
import { leastOf } from '../core/figures.ts'
import { binding, type Standings, standings } from '../core/levels.ts'
import type { ResourcePath } from '../core/path.ts'
import { parseDestination } from './headers/destination.ts'
import type { Call } from './request.ts'

export interface SpaceReport {
  readonly standings: Standings
  readonly headers: Readonly<Record<string, string>>
}

/**
 * How the space stands after a request that may have changed it, for its answer and for whoever watches the levels.
 * Null where that cannot be read: the answer itself does not depend on it.
 */
export async function spaceReport(deps: Deps, call: Call): Promise<SpaceReport | null> {
  try {
    const all = await standings(deps, await placeOf(deps, call))
    // By the time of the answer: a soft limit may have been passed long after the request came.
    const answering = { href: call.href, nowMs: deps.nowMs() }
    return { standings: all, headers: { 'Plimsoll-Space': spaceHeader(all, answering) } }
  } catch {
    return null
  }
}

/** What arrives somewhere is of interest there, not where it came from. */
async function placeOf(deps: Deps, { request, path, place }: Call): Promise<ResourcePath> {
  const destination = request.header('destination')
  return destination === undefined
    ? path
    : await deps.store.resolve(parseDestination(destination, place).path)
}

/**
 * A structured field (RFC 9651): the space that stops the client first, a String with its URL path, or the Token
 * `disk`. `available` is what `quota-available-bytes` says.
 */
export function spaceHeader(all: Standings, { href, nowMs }: Pick<Call, 'href' | 'nowMs'>): string {
  const { path, level, usedBytes, limitBytes, graceEndsMs } = binding(all)
  const numbers = {
    used: usedBytes,
    limit: limitBytes,
    grace: secondsLeft(graceEndsMs, nowMs),
    available: leastOf(all.map(({ availableBytes }) => availableBytes)),
  }
  const parameters = Object.entries(numbers).flatMap(([name, value]) =>
    value === null ? [] : [`;${name}=${Math.min(value, LARGEST_INTEGER)}`],
  )
  return `${path === null ? 'disk' : `"${href(path, 'collection')}"`};level=${level}${parameters.join('')}`
}

/** Until a soft limit begins to refuse; null while none is passed. */
export function secondsLeft(untilMs: number | null, nowMs: number): number | null {
  return untilMs === null ? null : Math.max(0, Math.ceil((untilMs - nowMs) / 1000))
}

// RFC 9651 §3.3.1: fifteen digits.
const LARGEST_INTEGER = 999_999_999_999_999

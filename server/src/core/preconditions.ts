/** A validator as it stands in a header; `tag` keeps its quotes and has no `W/`. */
export interface EntityTag {
  readonly weak: boolean
  readonly tag: string
}

/** The conditional headers of a request but for If-Range. Null: not sent, or a date that says nothing. */
export interface Conditions {
  readonly ifMatch: '*' | readonly EntityTag[] | null
  readonly ifNoneMatch: '*' | readonly EntityTag[] | null
  readonly ifModifiedSinceMs: number | null
  readonly ifUnmodifiedSinceMs: number | null
}

/** What the conditions are held against; collections have no entity tag. */
export interface Validators {
  /** As in the `ETag` header: with quotes and perhaps `W/`. */
  readonly etag: string | null
  readonly modifiedMs: number | null
}

export type Verdict = 'proceed' | 'not-modified' | 'failed'

/**
 * Judges the conditions in the order of RFC 9110 §13.2.2.
 *
 * @param current null when nothing is mapped to the URL
 * @param options `reading` for GET and HEAD, where an unchanged representation is an answer and not a failure
 */
export function evaluateConditions(
  conditions: Conditions,
  current: Validators | null,
  options: { readonly reading: boolean },
): Verdict {
  if (conditions.ifMatch !== null) {
    if (!matchesAny(conditions.ifMatch, current, matchesStrongly)) return 'failed'
  } else if (isLater(current, conditions.ifUnmodifiedSinceMs)) {
    return 'failed'
  }
  if (conditions.ifNoneMatch !== null) {
    if (!matchesAny(conditions.ifNoneMatch, current, matchesWeakly)) return 'proceed'
    return options.reading ? 'not-modified' : 'failed'
  }
  const unchanged = options.reading && isNotLater(current, conditions.ifModifiedSinceMs)
  return unchanged ? 'not-modified' : 'proceed'
}

/** RFC 9110 §8.8.3.2: equal bytes are promised only by two strong tags. */
export function matchesStrongly(one: EntityTag, other: EntityTag): boolean {
  return !one.weak && !other.weak && one.tag === other.tag
}

/** RFC 9110 §8.8.3.2: equal meaning is enough. */
export function matchesWeakly(one: EntityTag, other: EntityTag): boolean {
  return one.tag === other.tag
}

/** @param etag as in the `ETag` header; must be well formed */
export function entityTagOf(etag: string): EntityTag {
  return etag.startsWith('W/') ? { weak: true, tag: etag.slice(2) } : { weak: false, tag: etag }
}

function matchesAny(
  wanted: '*' | readonly EntityTag[],
  current: Validators | null,
  matches: (one: EntityTag, other: EntityTag) => boolean,
): boolean {
  if (current === null) return false
  if (wanted === '*') return true
  if (current.etag === null) return false
  const actual = entityTagOf(current.etag)
  return wanted.some((tag) => matches(tag, actual))
}

function isLater(current: Validators | null, dateMs: number | null): boolean {
  if (current === null || current.modifiedMs === null || dateMs === null) return false
  return wholeSeconds(current.modifiedMs) > wholeSeconds(dateMs)
}

function isNotLater(current: Validators | null, dateMs: number | null): boolean {
  if (current === null || current.modifiedMs === null || dateMs === null) return false
  return wholeSeconds(current.modifiedMs) <= wholeSeconds(dateMs)
}

// Last-Modified cuts the fraction off: a client that sends our own date back must not be told it is too old.
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000)
}

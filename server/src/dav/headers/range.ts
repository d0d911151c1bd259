import { entityTagOf, matchesStrongly, type Validators } from '../../core/preconditions.ts'
import { parseEntityTag } from './entity-tags.ts'
import { parseHttpDate } from './http-date.ts'

/** Offsets in bytes, both inclusive: `{ first: 0, last: 0 }` is one byte. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** More parts than this are cheaper to send as the whole (RFC 9110 §17.15). */
export const MAX_RANGES = 16

/**
 * The asked ranges, clipped to the representation, in the order in which the client named them; overlapping
 * and adjacent ones are one.
 *
 * @returns null when the header is to be ignored (another unit, syntax error, too many parts)
 * @see RFC 9110 §14.1.2, §14.2
 */
export function parseRange(
  value: string | undefined,
  totalBytes: number,
): readonly ByteRange[] | 'unsatisfiable' | null {
  const set = /^bytes=(.*)$/i.exec(value?.trim() ?? '')?.[1]
  if (set === undefined) return null
  const specs = set
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '')
  if (specs.length === 0 || !specs.every(isValid)) return null

  const ranges = coalesced(specs.map((spec) => clipped(spec, totalBytes)).filter((range) => range !== null))
  if (ranges.length === 0) return 'unsatisfiable'
  return ranges.length > MAX_RANGES ? null : ranges
}

/**
 * Whether a Range may be served; if not, the client gets the whole.
 *
 * An entity tag must match strongly. A date must equal Last-Modified, and the second that it names must be
 * over: as long as it runs, the file can change again without changing its date. That the client saw the file
 * after that second is for the client to know (RFC 9110 §8.8.2.2; §13.1.5 forbids it to send a date otherwise).
 */
export function ifRangeHolds(value: string, current: Validators & { readonly nowMs: number }): boolean {
  const tag = parseEntityTag(value.trim())
  if (tag !== null) return current.etag !== null && matchesStrongly(tag, entityTagOf(current.etag))
  const dateMs = parseHttpDate(value, current.nowMs)
  if (dateMs === null || current.modifiedMs === null) return false
  const modifiedSecond = Math.floor(current.modifiedMs / 1000)
  return dateMs === modifiedSecond * 1000 && Math.floor(current.nowMs / 1000) > modifiedSecond
}

function isValid(spec: string): boolean {
  const match = /^(?:([0-9]+)-([0-9]*)|-[0-9]+)$/.exec(spec)
  if (match === null) return false
  // RFC 9110 §14.1.1: one range that ends before it begins makes the whole header invalid.
  return !match[2] || Number(match[1]) <= Number(match[2])
}

/** @returns null when no byte of the representation is asked for */
function clipped(spec: string, totalBytes: number): ByteRange | null {
  const [first = '', last = ''] = spec.split('-')
  if (first === '') {
    const suffixBytes = Math.min(Number(last), totalBytes)
    return suffixBytes === 0 ? null : { first: totalBytes - suffixBytes, last: totalBytes - 1 }
  }
  if (Number(first) >= totalBytes) return null
  return { first: Number(first), last: last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1) }
}

function coalesced(ranges: readonly ByteRange[]): ByteRange[] {
  const byOffset = ranges
    .map((range, place) => ({ ...range, place }))
    .sort((one, other) => one.first - other.first)
  const merged: { first: number; last: number; place: number }[] = []
  for (const range of byOffset) {
    const before = merged.at(-1)
    if (before === undefined || range.first > before.last + 1) {
      merged.push(range)
      continue
    }
    before.last = Math.max(before.last, range.last)
    before.place = Math.min(before.place, range.place)
  }
  return merged.sort((one, other) => one.place - other.place).map(({ first, last }) => ({ first, last }))
}

import type { Conditions, EntityTag } from '../../core/preconditions.ts'
import { parseEntityTags } from './entity-tags.ts'
import { parseHttpDate } from './http-date.ts'

/**
 * Reads the conditional headers. A date that cannot be read counts as not sent (RFC 9110 §13.1.3, §13.1.4); a
 * broken list of entity tags is refused.
 *
 * @param header looks a header up by its lower-case name
 * @throws DavError 'bad-request'
 */
export function parseConditions(header: (name: string) => string | undefined, nowMs: number): Conditions {
  const tags = (name: string): '*' | readonly EntityTag[] | null => {
    const value = header(name.toLowerCase())
    return value === undefined ? null : parseEntityTags(name, value)
  }
  const dateMs = (name: string): number | null => {
    const value = header(name)
    return value === undefined ? null : parseHttpDate(value, nowMs)
  }
  return {
    ifMatch: tags('If-Match'),
    ifNoneMatch: tags('If-None-Match'),
    ifModifiedSinceMs: dateMs('if-modified-since'),
    ifUnmodifiedSinceMs: dateMs('if-unmodified-since'),
  }
}

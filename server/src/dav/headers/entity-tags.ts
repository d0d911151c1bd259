import { DavError } from '../../core/errors.ts'
import type { EntityTag } from '../../core/preconditions.ts'

/**
 * The value of If-Match or If-None-Match.
 *
 * @param name the header's name, for the message
 * @throws DavError 'bad-request': a condition we misread could destroy what the client wanted to protect
 * @see RFC 9110 §8.8.3, §13.1.1, §5.6.1
 */
export function parseEntityTags(name: string, value: string): '*' | readonly EntityTag[] {
  if (value.trim() === '*') return '*'
  const tags: EntityTag[] = []
  let at = skip(LEADING_COMMAS, value, 0)
  while (at < value.length) {
    const [tag, afterTag] = entityTagAt(value, at) ?? bareTagAt(name, value, at) ?? refuse(name)
    tags.push(tag)
    at = skip(SEPARATOR, value, afterTag)
    if (at === afterTag && at < value.length) refuse(name)
  }
  if (tags.length === 0) refuse(name)
  return tags
}

/** @returns null when the value is not exactly one entity tag */
export function parseEntityTag(value: string): EntityTag | null {
  const found = entityTagAt(value, 0)
  return found !== null && found[1] === value.length ? found[0] : null
}

function entityTagAt(value: string, at: number): [EntityTag, number] | null {
  ENTITY_TAG.lastIndex = at
  const match = ENTITY_TAG.exec(value)
  if (match?.[2] === undefined) return null
  return [{ weak: match[1] !== undefined, tag: match[2] }, ENTITY_TAG.lastIndex]
}

/**
 * A tag without its quotes. Joplin sends `If-None-Match: JoplinIgnore-1700000000` with every request, to keep its
 * HTTP library from caching. If-Match stays strict: what it protects would be lost by a misreading.
 */
function bareTagAt(name: string, value: string, at: number): [EntityTag, number] | null {
  BARE_TAG.lastIndex = at
  if (name !== 'If-None-Match' || !BARE_TAG.test(value)) return null
  return [{ weak: false, tag: `"${value.slice(at, BARE_TAG.lastIndex)}"` }, BARE_TAG.lastIndex]
}

function skip(pattern: RegExp, value: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(value) ? pattern.lastIndex : at
}

function refuse(name: string): never {
  throw new DavError('bad-request', `${name} must be * or a list of entity tags in double quotes`)
}

// Header values arrive as latin1, so 0x80-0xff is the obs-text that RFC 9110 §8.8.3 lets a tag contain.
const ENTITY_TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/y
const BARE_TAG = /[\w.:+/-]+/y
// RFC 9110 §5.6.1.2: empty list elements must be ignored.
const LEADING_COMMAS = /[ \t,]*/y
const SEPARATOR = /[ \t]*(?:,[ \t,]*|$)/y

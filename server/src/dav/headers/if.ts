import { DavError } from '../../core/errors.ts'
import type { IfCondition, IfHeader, IfList } from '../../core/if.ts'
import { parseTarget, type TargetOptions } from '../target.ts'
import { parseEntityTag } from './entity-tags.ts'
import { isStateToken } from './lock-token.ts'

/** Clients send one list, or one for each of the few resources that a MOVE touches. */
export const MAX_IF_LISTS = 100
export const MAX_IF_CONDITIONS = 100

/**
 * Either lists about the request URL or lists behind the tags of their resources:
 * `(<urn:uuid:1> ["a"]) (Not <urn:uuid:2>)` or `</a> (<urn:uuid:1>) <http://host/b> (["b"])`.
 *
 * @returns null when the header was not sent
 * @throws DavError 'bad-request': a condition we misread could destroy what the client wanted to protect
 * @see RFC 4918 §10.4.2
 */
export function parseIf(value: string | undefined, options: TargetOptions): IfHeader | null {
  if (value === undefined) return null
  const cursor = new Cursor(value)
  const lists: IfList[] = []
  for (const list of listsAt(cursor, options)) {
    if (lists.length === MAX_IF_LISTS) cursor.refuse(`more than ${MAX_IF_LISTS} lists`)
    lists.push(list)
  }
  return { lists }
}

function* listsAt(cursor: Cursor, options: TargetOptions): Generator<IfList> {
  const tagged = cursor.sees('<')
  do {
    const resource = tagged ? resourceAt(cursor, options) : null
    do yield { resource, conditions: conditionsAt(cursor) }
    while (cursor.sees('('))
  } while (tagged && cursor.sees('<'))
  if (cursor.sees('<')) cursor.refuse('lists with and without a tag are mixed')
  if (!cursor.atEnd) cursor.refuse('"(" was expected')
}

/** A tag that names nothing in our tree is no error: nothing is mapped there (RFC 4918 §10.4.4). */
function resourceAt(cursor: Cursor, options: TargetOptions): IfList['resource'] {
  const start = cursor.at
  const url = cursor.take(ANGLE_BRACKETS) ?? cursor.refuse('a URL between < and > was expected')
  if (/^[a-z][a-z0-9+.-]*:/i.test(url) && !/^https?:/i.test(url)) return 'elsewhere'
  try {
    return parseTarget(url, options).path
  } catch (error) {
    if (!(error instanceof DavError)) throw error
    if (error.code === 'bad-request') cursor.refuse(error.message, start)
    return 'elsewhere'
  }
}

function conditionsAt(cursor: Cursor): readonly IfCondition[] {
  if (cursor.take(OPENING) === null) cursor.refuse('"(" was expected')
  const conditions: IfCondition[] = []
  do {
    if (conditions.length === MAX_IF_CONDITIONS) cursor.refuse(`more than ${MAX_IF_CONDITIONS} conditions`)
    conditions.push(conditionAt(cursor))
  } while (cursor.take(CLOSING) === null)
  return conditions
}

function conditionAt(cursor: Cursor): IfCondition {
  const negated = cursor.take(NOT) !== null
  const start = cursor.at
  const etagText = cursor.take(SQUARE_BRACKETS)
  if (etagText !== null) {
    const etag = parseEntityTag(etagText) ?? cursor.refuse('the entity tag is malformed', start)
    return { negated, etag }
  }
  // Without brackets as in `parseLockToken`: LOCK names the lock to refresh in this header.
  const token = cursor.take(ANGLE_BRACKETS) ?? cursor.take(BARE_TOKEN)
  if (token === null) cursor.refuse('a state token in < > or an entity tag in [ ] was expected')
  if (!isStateToken(token)) cursor.refuse('the state token is not a URI', start)
  return { negated, token }
}

/** Reads from left to right and steps over white space. */
class Cursor {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#skipSpace()
  }

  get at(): number {
    return this.#at
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length
  }

  sees(character: string): boolean {
    return this.#text[this.#at] === character
  }

  /** @returns what the pattern captured, null if it does not match here */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return null
    this.#at = pattern.lastIndex
    this.#skipSpace()
    return match[1] ?? ''
  }

  /** @param at counted from 0; where the reading stands if left out */
  refuse(problem: string, at = this.#at): never {
    throw new DavError('bad-request', `If, at character ${at + 1}: ${problem}`)
  }

  #skipSpace(): void {
    while (this.sees(' ') || this.sees('\t')) this.#at += 1
  }
}

const OPENING = /\(/y
const CLOSING = /\)/y
const NOT = /not(?=[ \t<[])/iy
const ANGLE_BRACKETS = /<([^<>]+)>/y
const SQUARE_BRACKETS = /\[[ \t]*((?:W\/)?"[^"]*")[ \t]*\]/y
const BARE_TOKEN = /([^\s<>()[\]"]+)/y

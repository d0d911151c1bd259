import { DavError } from '../../core/errors.ts'

/** Enough to tell an external DOCTYPE from an internal one; a longer one is refused without reading on. */
export const MAX_DOCTYPE_CHARACTERS = 4096

/** Where the scanner stands: between two pieces of markup, inside one, or behind the root's first tag. */
type State = 'between' | 'comment' | 'instruction' | 'doctype' | 'done'

/**
 * Looks for a DOCTYPE before the root element, the only place where it can stand. The parser reports one only
 * at its end, when all of it has been kept in memory. It never expands what a DTD declares.
 *
 * @see RFC 4918 §20.6
 */
export class DoctypeGuard {
  #state: State = 'between'
  /** Text that cannot be judged yet. */
  #pending = ''

  /** @throws DavError 'external-entity' | 'bad-request' */
  check(text: string): void {
    if (this.#state === 'done') return
    this.#pending += text
    while (this.#step());
  }

  /** To be called when the document has ended. @throws DavError 'bad-request' */
  end(): void {
    if (this.#state === 'doctype') refuseInternal()
  }

  /** @returns whether there may be more to see in the pending text */
  #step(): boolean {
    switch (this.#state) {
      case 'between':
        return this.#enter()
      case 'comment':
        return this.#leaveAfter('-->')
      case 'instruction':
        return this.#leaveAfter('?>')
      case 'doctype':
        refuseDoctype(this.#pending)
        return false
      case 'done':
        return false
    }
  }

  #enter(): boolean {
    this.#pending = this.#pending.trimStart()
    if (this.#pending === '') return false
    for (const [opening, state] of OPENINGS) {
      if (this.#pending.startsWith(opening)) {
        this.#pending = this.#pending.slice(opening.length)
        this.#state = state
        return true
      }
      if (opening.startsWith(this.#pending)) return false
    }
    this.#pending = ''
    this.#state = 'done'
    return false
  }

  #leaveAfter(closing: string): boolean {
    const end = this.#pending.indexOf(closing)
    if (end === -1) {
      // Only a cut closing mark can still matter: a long comment must not be searched again for every chunk.
      this.#pending = this.#pending.slice(1 - closing.length)
      return false
    }
    this.#pending = this.#pending.slice(end + closing.length)
    this.#state = 'between'
    return true
  }
}

const OPENINGS: readonly (readonly [string, State])[] = [
  ['<!--', 'comment'],
  ['<?', 'instruction'],
  ['<!DOCTYPE', 'doctype'],
]

// The last one may still be open.
const LITERAL = /"[^"]*(?:"|$)|'[^']*(?:'|$)/g

/** Returns while the declaration goes on and nothing external was named in it. */
function refuseDoctype(declaration: string): void {
  const bare = declaration.slice(0, MAX_DOCTYPE_CHARACTERS).replace(LITERAL, '""')
  if (/\b(?:SYSTEM|PUBLIC)\b/.test(bare)) {
    throw new DavError('external-entity', 'the XML body refers to an external DTD or entity')
  }
  const complete = /^[^[>]*(?:\[[^\]]*\]\s*)?>/.test(bare)
  if (complete || declaration.length > MAX_DOCTYPE_CHARACTERS) refuseInternal()
}

function refuseInternal(): never {
  throw new DavError('bad-request', 'the XML body has a DOCTYPE, which is not accepted')
}

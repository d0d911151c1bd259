import { DavError } from '../../core/errors.ts'
import { dav, sameName } from './names.ts'
import { childElements, type XmlElement } from './read.ts'
import { serializedChildren } from './serialize.ts'

export interface LockInfo {
  readonly scope: 'exclusive' | 'shared'
  /** The XML inside `DAV:owner`; empty where the client named none. */
  readonly owner: string
}

/** Of the owner, in UTF-8. Every answer that shows the lock carries it. */
export const MAX_OWNER_BYTES = 8192

/**
 * The body of a LOCK that asks for a new lock.
 *
 * @throws DavError 'unprocessable' unless it asks for one scope and for a write lock; 'bad-request' for an owner
 *   that is too long
 * @see RFC 4918 §14.11
 */
export function parseLockInfo(root: XmlElement): LockInfo {
  if (!sameName(root.name, dav('lockinfo'))) {
    throw new DavError('unprocessable', 'the body of a LOCK is a DAV:lockinfo element')
  }
  const scopes = childElements(root, dav('lockscope'))
  const shared = scopes.flatMap((scope) => childElements(scope, dav('shared')))
  const exclusive = scopes.flatMap((scope) => childElements(scope, dav('exclusive')))
  if (shared.length + exclusive.length !== 1) {
    throw new DavError('unprocessable', 'DAV:lockscope holds either DAV:exclusive or DAV:shared')
  }
  const writes = childElements(root, dav('locktype')).flatMap((type) => childElements(type, dav('write')))
  if (writes.length !== 1) {
    throw new DavError('unprocessable', 'DAV:locktype holds DAV:write, the only type of lock there is')
  }
  const [owner] = childElements(root, dav('owner'))
  return {
    scope: shared.length === 1 ? 'shared' : 'exclusive',
    owner: owner === undefined ? '' : ownerText(owner),
  }
}

function ownerText(owner: XmlElement): string {
  let text = ''
  for (const piece of serializedChildren(owner)) {
    text += piece
    // Counted in UTF-16 units, a bound from below, so that an endless owner is not written out.
    if (text.length > MAX_OWNER_BYTES) break
  }
  if (new TextEncoder().encode(text).length > MAX_OWNER_BYTES) {
    throw new DavError('bad-request', `DAV:owner may have ${MAX_OWNER_BYTES} bytes at most`)
  }
  return text
}

import { covers } from '../core/locks.ts'
import type { ResourcePath } from '../core/path.ts'
import type { Lock } from '../core/state.ts'
import type { Href } from './condition.ts'
import { escapeText } from './xml/write.ts'

export interface LockView {
  readonly href: Href
  readonly nowMs: number
}

/** One lock as RFC 4918 §14.1 shows it. */
export function activeLock(lock: Lock, { href, nowMs }: LockView): string {
  // Never more than was granted: the request came a moment before its lock was made.
  const secondsLeft = Math.min(lock.timeoutSeconds, Math.max(0, Math.ceil((lock.expiresMs - nowMs) / 1000)))
  return [
    '<D:activelock><D:locktype><D:write/></D:locktype>',
    `<D:lockscope><D:${lock.scope}/></D:lockscope><D:depth>${lock.depth}</D:depth>`,
    lock.owner === '' ? '' : `<D:owner>${lock.owner}</D:owner>`,
    `<D:timeout>Second-${secondsLeft}</D:timeout>`,
    `<D:locktoken><D:href>${escapeText(lock.token)}</D:href></D:locktoken>`,
    `<D:lockroot><D:href>${escapeText(href(lock.root))}</D:href></D:lockroot></D:activelock>`,
  ].join('')
}

/** The locks in whose scope a resource lies, indirect ones included (LP-07); empty where there are none. */
export function lockDiscovery(path: ResourcePath, locks: readonly Lock[], view: LockView): string {
  return locks
    .filter((lock) => covers(lock, path))
    .map((lock) => activeLock(lock, view))
    .join('')
}

/** Both kinds of write lock on every resource (LP-09). */
export const SUPPORTED_LOCK = ['exclusive', 'shared']
  .map(
    (scope) =>
      `<D:lockentry><D:lockscope><D:${scope}/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>`,
  )
  .join('')

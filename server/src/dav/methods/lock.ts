import type { Deps } from '../../core/deps.ts'
import { DavError } from '../../core/errors.ts'
import { refreshLock, releaseLock, takeLock } from '../../core/lock.ts'
import type { Lock } from '../../core/state.ts'
import { guardOf } from '../guard.ts'
import { parseDepth } from '../headers/depth.ts'
import { parseLockToken } from '../headers/lock-token.ts'
import { parseTimeout } from '../headers/timeout.ts'
import { activeLock } from '../lock-discovery.ts'
import type { Call, DavResponse } from '../request.ts'
import { parseLockInfo } from '../xml/lock-info.ts'
import { readXmlBody } from '../xml-body.ts'

// What a client gets that asks for nothing: long enough for a save, short enough for a client that is gone.
const DEFAULT_SECONDS = 1800

/** RFC 4918 §9.10: with a body a new lock, without one the refresh of a lock named in If. */
export async function lock(deps: Deps, call: Call): Promise<DavResponse> {
  const { request, path, nowMs } = call
  const timeoutSeconds = parseTimeout(request.header('timeout'), {
    maxSeconds: deps.limits.lockSeconds,
    defaultSeconds: Math.min(DEFAULT_SECONDS, deps.limits.lockSeconds),
  })
  const body = await readXmlBody(request)
  const guard = guardOf(call)
  if (body === null) {
    return lockAnswer(call, 200, await refreshLock(deps, { path, guard, timeoutSeconds }), nowMs)
  }
  const depth = parseDepth(request.header('depth'), { allow: ['0', 'infinity'], absent: 'infinity' })
  const info = parseLockInfo(body)
  if (call.trailingSlash && (await deps.store.stat(path)) === null) {
    throw new DavError('method-not-allowed', 'a lock creates a file, and this is the URL of a collection', {
      path,
    })
  }
  const outcome = await takeLock(deps, {
    ...info,
    path,
    guard,
    timeoutSeconds,
    depth: depth === '0' ? '0' : 'infinity',
  })
  const answer = lockAnswer(call, outcome.created ? 201 : 200, outcome.lock, nowMs)
  return { ...answer, headers: { ...answer.headers, 'Lock-Token': `<${outcome.lock.token}>` } }
}

/** RFC 4918 §9.11. */
export async function unlock(deps: Deps, call: Call): Promise<DavResponse> {
  const token = parseLockToken(call.request.header('lock-token'))
  await releaseLock(deps, { path: call.path, token, guard: guardOf(call) })
  return { status: 204, headers: {}, body: null }
}

function lockAnswer(call: Call, status: number, held: Lock, nowMs: number): DavResponse {
  const discovery = activeLock(held, { href: (path) => call.href(path, 'file'), nowMs })
  const body = `<?xml version="1.0" encoding="utf-8"?>
<D:prop xmlns:D="DAV:"><D:lockdiscovery>${discovery}</D:lockdiscovery></D:prop>
`
  return {
    status,
    headers: { 'Content-Type': 'application/xml; charset="utf-8"' },
    body: new TextEncoder().encode(body),
  }
}

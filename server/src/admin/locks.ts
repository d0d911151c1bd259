import type { Deps } from '../core/deps.ts'
import type { ResourcePath } from '../core/path.ts'
import type { Lock } from '../core/state.ts'

/** A lock as an operator sees it. */
export interface LockReport {
  readonly token: string
  readonly path: ResourcePath
  readonly scope: Lock['scope']
  readonly depth: Lock['depth']
  readonly creator: string | null
  readonly secondsLeft: number
}

export async function listLocks({
  state,
  nowMs,
}: Pick<Deps, 'state' | 'nowMs'>): Promise<readonly LockReport[]> {
  const now = nowMs()
  return (await state.locks.all(now)).map(({ token, root, scope, depth, creator, expiresMs }) => ({
    token,
    path: root,
    scope,
    depth,
    creator,
    secondsLeft: Math.ceil((expiresMs - now) / 1000),
  }))
}

/** Ends a lock whoever made it: for a client that is gone. @returns whether there was one */
export async function breakLock(
  { state, nowMs }: Pick<Deps, 'state' | 'nowMs'>,
  token: string,
): Promise<boolean> {
  const lock = await state.locks.find(token, nowMs())
  if (lock === null) return false
  await state.exclusive([lock.root], (tx) => state.locks.remove(tx, token))
  return true
}

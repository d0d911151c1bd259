import type { Deps } from './deps.ts'
import { DavError, type MemberFailure } from './errors.ts'
import { type Guard, ifHolds, requireAllowed } from './guard.ts'
import { submittedTokens } from './if.ts'
import { conflicts, covers } from './locks.ts'
import type { ResourcePath } from './path.ts'
import { whenSettled } from './postponed.ts'
import { put } from './put.ts'
import type { Resource } from './resource.ts'
import { noRoomForLock, requireRoomForRow } from './space.ts'
import type { Lock, LockBounds } from './state.ts'
import type { Tx } from './tx.ts'

export interface LockRequest {
  readonly path: ResourcePath
  readonly scope: Lock['scope']
  readonly depth: Lock['depth']
  readonly owner: string
  readonly timeoutSeconds: number
  readonly guard: Guard
}

export interface LockOutcome {
  readonly lock: Lock
  readonly created: boolean
}

/**
 * Takes a lock, all or nothing (RFC 4918 §9.10). On an unmapped URL it also creates an empty file by the way of every
 * PUT, so that this can be refused for want of space and leaves neither file nor lock.
 * @throws DavError 'lock-conflict' | 'members-failed' | 'parent-missing' | 'precondition-failed' | 'locked' |
 *   'quota-exceeded' | 'disk-full'
 */
export async function takeLock(deps: Deps, request: LockRequest): Promise<LockOutcome> {
  const lock = newLock(deps, request)
  // Until its turn comes another client may create or remove the resource; then the other way is taken.
  for (;;) {
    const created = (await deps.store.stat(request.path)) === null
    const taken = created ? await createLocked(deps, request, lock) : await lockExisting(deps, request, lock)
    if (taken) return { lock, created }
  }
}

/**
 * Restarts the clock of a lock (RFC 4918 §9.10.2). Needs no room, so it works on a full disk.
 * @throws DavError 'bad-request' if no token is named, 'lock-token-unknown' if it is not that of a lock here,
 *   'forbidden' if it is somebody else's
 */
export async function refreshLock(
  deps: Deps,
  request: { readonly path: ResourcePath; readonly guard: Guard; readonly timeoutSeconds: number },
): Promise<Lock> {
  const { path, guard, timeoutSeconds } = request
  const [token, ...others] = submittedTokens(guard.ifHeader)
  if (token === undefined || others.length > 0) {
    throw new DavError('bad-request', 'a refresh names the one lock it is about in an If header', { path })
  }
  return await whenSettled(deps, [path], async (tx) => {
    const lock = await deps.state.locks.find(token, deps.nowMs())
    const current = await deps.store.stat(path)
    if (lock === null || !covers(lock, path) || !(await ifHolds(deps, guard.ifHeader, { path, current }))) {
      throw new DavError('lock-token-unknown', 'this is not the token of a lock here', { path })
    }
    requireCreator(lock, guard)
    const expiresMs = deps.nowMs() + timeoutSeconds * 1000
    await deps.state.locks.refresh(tx, token, expiresMs, timeoutSeconds)
    return { ...lock, expiresMs, timeoutSeconds }
  })
}

/**
 * Ends a lock as a whole, also when it is sent to a member (RFC 4918 §9.11).
 * @throws DavError 'precondition-failed' | 'lock-token-mismatch' | 'forbidden'
 */
export async function releaseLock(
  deps: Deps,
  request: { readonly path: ResourcePath; readonly token: string; readonly guard: Guard },
): Promise<void> {
  const { path, token, guard } = request
  await deps.state.exclusive([path], async (tx) => {
    const current = await deps.store.stat(path)
    if (!(await ifHolds(deps, guard.ifHeader, { path, current }))) {
      throw new DavError('precondition-failed', 'the resource is not in the state the request asked for', {
        path,
      })
    }
    const lock = await deps.state.locks.find(token, deps.nowMs())
    if (lock === null || !covers(lock, path)) {
      throw new DavError('lock-token-mismatch', 'this is not the token of a lock here', { path })
    }
    requireCreator(lock, guard)
    await deps.state.locks.remove(tx, token)
  })
}

/** @returns false if nothing is there any more */
function lockExisting(deps: Deps, request: LockRequest, lock: Lock): Promise<boolean> {
  return whenSettled(deps, [request.path], async (tx) => {
    const current = await deps.store.stat(request.path)
    if (current === null) return false
    await requireConditions(deps, request, current)
    await requireNoConflict(deps, request)
    await insert(deps, tx, lock)
    return true
  })
}

/**
 * The lock is written before the file appears: a moment later anyone could lock it.
 * @returns false if something is there by now
 */
async function createLocked(deps: Deps, request: LockRequest, lock: Lock): Promise<boolean> {
  const { path, guard } = request
  try {
    await put(deps, {
      path,
      guard,
      declaredBytes: 0,
      hintedBytes: null,
      modifiedMs: null,
      contentType: null,
      body: nothing(),
      onlyNew: true,
      beforeCommit: async (tx) => {
        await requireNoConflict(deps, request)
        await insert(deps, tx, lock)
      },
    })
    return true
  } catch (error) {
    await deps.state.exclusive([path], (tx) => takeBackOfNothing(deps, tx, lock))
    if (error instanceof DavError && error.code === 'already-exists') return false
    throw error
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function newLock(deps: Deps, { path, scope, depth, owner, timeoutSeconds, guard }: LockRequest): Lock {
  return {
    // RFC 4918 §6.5 and §20.7: unique for ever and not to be guessed. 45 characters fit old macOS buffers.
    token: `urn:uuid:${deps.newId()}`,
    root: path,
    scope,
    depth,
    owner,
    creator: guard.user,
    timeoutSeconds,
    expiresMs: deps.nowMs() + timeoutSeconds * 1000,
  }
}

async function insert(deps: Deps, tx: Tx, lock: Lock): Promise<void> {
  await requireRoomForRow(deps, lock.root)
  const { locks, locksPerUser } = deps.limits
  const bounds = { most: locks, mostPerCreator: locksPerUser, nowMs: deps.nowMs() }
  const bound = await insertOrTakeBack(deps, tx, lock, bounds)
  if (bound !== null) throw noRoomForLock(lock.root, bound, bound === 'server' ? locks : locksPerUser)
}

/** A lock whose token nobody was told would stand in everybody's way until its time is over. */
async function insertOrTakeBack(deps: Deps, tx: Tx, lock: Lock, bounds: LockBounds) {
  try {
    return await deps.state.locks.insert(tx, lock, bounds)
  } catch (error) {
    await takeBack(deps, tx, lock)
    throw error
  }
}

/** A file that stands although its commit failed keeps its lock: all of the new, as after a crash. */
async function takeBackOfNothing(deps: Deps, tx: Tx, lock: Lock): Promise<void> {
  try {
    if ((await deps.store.stat(lock.root)) === null) await takeBack(deps, tx, lock)
  } catch (error) {
    logKept(deps, lock, error)
  }
}

async function takeBack(deps: Deps, tx: Tx, lock: Lock): Promise<void> {
  try {
    await deps.state.locks.remove(tx, lock.token)
  } catch (error) {
    logKept(deps, lock, error)
  }
}

function logKept(deps: Deps, { root }: Lock, error: unknown): void {
  deps.log.error('a lock that was refused stays until its time is over', { path: root, error })
}

async function requireConditions(deps: Deps, { path, guard }: LockRequest, current: Resource): Promise<void> {
  await requireAllowed(deps, guard, { path, current, changes: [] })
}

/** RFC 4918 §6.2 and §9.10.5: above, at and, for a lock of infinite depth, below the resource. */
async function requireNoConflict(deps: Deps, request: LockRequest): Promise<void> {
  const { path, depth } = request
  const above = await deps.state.locks.onTheWayTo([path], deps.nowMs())
  const inTheWay = above.filter((lock) => covers(lock, path) && conflicts(lock, request))
  if (inTheWay.length > 0) throw conflict(inTheWay.map(({ root }) => root))
  requireRoomBeside(deps, path, above)
  if (depth === '0') return
  const below = await deps.state.locks.below(path, deps.nowMs(), deps.limits.locks)
  const members = new Set(below.filter((lock) => conflicts(lock, request)).map(({ root }) => root))
  if (members.size === 0) return
  const failures: MemberFailure[] = [...members].map((root) => ({ path: root, error: conflict([root]) }))
  const dependent = new DavError('failed-dependency', 'a member is locked', { path })
  throw new DavError('members-failed', 'some members are locked', {
    failures: [...failures, { path, error: dependent }],
  })
}

/** Every request in the scope of a lock looks at it, and every listing shows it with each member: few must do. */
function requireRoomBeside(deps: Deps, path: ResourcePath, above: readonly Lock[]): void {
  const { locksPerResource } = deps.limits
  const held = above.filter(({ root }) => root === path)
  if (held.length >= locksPerResource) throw noRoomForLock(path, 'resource', locksPerResource)
}

function conflict(lockRoots: readonly ResourcePath[]): DavError {
  return new DavError('lock-conflict', `${lockRoots.join(', ')} is locked already`, { lockRoots })
}

function requireCreator(lock: Lock, guard: Guard): void {
  if (lock.creator === guard.user) return
  throw new DavError('forbidden', 'the lock belongs to somebody else', { path: lock.root })
}

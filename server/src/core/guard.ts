import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { evaluateIf, type IfFacts, type IfHeader, resourcesIn, submittedTokens } from './if.ts'
import { covers } from './locks.ts'
import { parentOf, type ResourcePath, ROOT } from './path.ts'
import { type Conditions, evaluateConditions } from './preconditions.ts'
import type { Resource } from './resource.ts'
import type { Lock } from './state.ts'

/** Under which conditions a request may change something, and who vouches for its lock tokens. */
export interface Guard {
  readonly user: string | null
  readonly conditions: Conditions
  readonly ifHeader: IfHeader | null
}

/** What a request is about to change, as far as locks care (RFC 4918 §7). */
export interface Change {
  readonly path: ResourcePath
  /**
   * 'content': bytes or properties of the resource. 'members': the names in a collection.
   * 'tree': the resource and everything below it.
   */
  readonly what: 'content' | 'members' | 'tree'
}

/** @throws DavError 'parent-missing' if nothing can be created at `path` (RFC 4918 §9.3.1, §9.7.1) */
export async function requireParent(deps: Deps, path: ResourcePath): Promise<void> {
  if (path === ROOT) return
  const parent = await deps.store.stat(parentOf(path))
  if (parent?.kind !== 'collection') {
    throw new DavError('parent-missing', 'the collection this would be put into does not exist', { path })
  }
}

/** What creating, replacing or removing the name `path` changes. */
export function changesOfName(path: ResourcePath, current: Resource | null): readonly Change[] {
  const own: readonly Change[] = current === null ? [] : [{ path, what: 'tree' }]
  return [...own, { path: parentOf(path), what: 'members' }]
}

/**
 * Locks first, then conditions, in the order of the status table.
 * @param current what the request URL is mapped to
 * @throws DavError 'locked' | 'members-failed' | 'forbidden' for a token of somebody else | 'precondition-failed'
 */
export async function requireAllowed(
  deps: Deps,
  guard: Guard,
  target: {
    readonly path: ResourcePath
    readonly current: Resource | null
    readonly changes: readonly Change[]
  },
): Promise<void> {
  await requireTokens(deps, guard, target.changes)
  const holds =
    evaluateConditions(guard.conditions, target.current, { reading: false }) === 'proceed' &&
    (await ifHolds(deps, guard.ifHeader, target))
  if (holds) return
  throw new DavError('precondition-failed', 'the resource is not in the state the request asked for', {
    path: target.path,
  })
}

/** Whether the If header holds, whatever the method (RFC 4918 §10.4). */
export async function ifHolds(
  deps: Deps,
  header: IfHeader | null,
  target: { readonly path: ResourcePath; readonly current: Resource | null },
): Promise<boolean> {
  if (header === null) return true
  const facts = new Map<ResourcePath | null, IfFacts | null>()
  for (const resource of resourcesIn(header)) {
    const path = resource ?? target.path
    const current = resource === null ? target.current : await deps.store.stat(path)
    facts.set(resource, await factsOf(deps, path, current))
  }
  return evaluateIf(header, (resource) => facts.get(resource) ?? null)
}

/** An unmapped URL has no state but that of a lock which already covers whatever will be there. */
async function factsOf(deps: Deps, path: ResourcePath, current: Resource | null): Promise<IfFacts | null> {
  const locks = await locksCovering(deps, path)
  if (current === null && locks.length === 0) return null
  return { etag: current?.etag ?? null, tokens: locks.map(({ token }) => token) }
}

async function requireTokens(deps: Deps, guard: Guard, changes: readonly Change[]): Promise<void> {
  const submitted = submittedTokens(guard.ifHeader)
  const conflicts: Lock[] = []
  const memberConflicts: Lock[] = []
  for (const { path, what } of changes) {
    const here = await locksCovering(deps, path)
    conflicts.push(...unsatisfied(guard, submitted, here))
    if (what !== 'tree') continue
    const below = await deps.state.locks.below(path, deps.nowMs(), deps.limits.locks)
    for (const locks of Map.groupBy(below, ({ root }) => root).values()) {
      memberConflicts.push(...unsatisfied(guard, submitted, locks))
    }
  }
  if (conflicts.length > 0) throw locked(conflicts)
  if (memberConflicts.length === 0) return
  throw new DavError('members-failed', 'some members are locked', {
    failures: memberConflicts.map((lock) => ({ path: lock.root, error: locked([lock]) })),
  })
}

/**
 * The locks that cover a resource. A lock of depth 0 on a collection guards its membership and properties, not the
 * content of its members (RFC 4918 §7.4).
 */
async function locksCovering(deps: Deps, path: ResourcePath): Promise<readonly Lock[]> {
  const locks = await deps.state.locks.onTheWayTo([path], deps.nowMs())
  return locks.filter((lock) => covers(lock, path))
}

/** The token of one lock is enough: there are several only where all of them are shared (RFC 4918 §6.2, §7). */
function unsatisfied(guard: Guard, submitted: ReadonlySet<string>, locks: readonly Lock[]): readonly Lock[] {
  const shown = locks.filter(({ token }) => submitted.has(token))
  if (shown.some(({ creator }) => creator === guard.user)) return []
  if (shown.length === 0) return locks
  throw new DavError('forbidden', 'the lock token belongs to somebody else', {})
}

function locked(locks: readonly Lock[]): DavError {
  const lockRoots = [...new Set(locks.map(({ root }) => root))]
  return new DavError('locked', `${lockRoots.join(', ')} is locked, and its token was not submitted`, {
    lockRoots,
  })
}

import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { changesOfName, type Guard, requireAllowed, requireParent } from './guard.ts'
import { NO_CHARGE } from './ledger.ts'
import type { ResourcePath } from './path.ts'
import { whenSettled } from './postponed.ts'
import { abandon, publish } from './publish.ts'
import { NOTHING, type Resource } from './resource.ts'
import { type Reservation, reserve } from './space.ts'
import type { Committable } from './store.ts'

export interface MakeCollection {
  readonly path: ResourcePath
  readonly guard: Guard
}

/**
 * Creates an empty collection, or nothing at all (RFC 4918 §9.3).
 * @throws DavError 'already-exists' | 'parent-missing' | 'precondition-failed' | 'quota-exceeded' | 'disk-full'
 */
export async function makeCollection(deps: Deps, request: MakeCollection): Promise<Resource> {
  await checkFree(deps, request)
  const id = deps.newId()
  deps.running.set(id, { user: request.guard.user, takesSlot: false, written: NOTHING })
  try {
    return await reserveAndMake(deps, request, id)
  } finally {
    deps.running.delete(id)
  }
}

async function reserveAndMake(deps: Deps, request: MakeCollection, id: string): Promise<Resource> {
  const { path } = request
  const want = { id, kind: 'mkcol' as const, path, bytes: 0, entries: 1, replaces: NO_CHARGE }
  const reservation = await reserve(deps, want)
  let staged: Committable | null = null
  try {
    staged = await deps.store.stageCollection(path, id)
    reservation.wrote({ bytes: 0, entries: 1 })
    return await appear(deps, request, reservation, staged)
  } catch (error) {
    await abandon(deps, reservation, staged)
    throw error
  }
}

function appear(
  deps: Deps,
  request: MakeCollection,
  reservation: Reservation,
  staged: Committable,
): Promise<Resource> {
  return whenSettled(deps, [request.path], async (tx) => {
    await checkFree(deps, request)
    const intent = { bytes: 0, entries: 1, replaces: NO_CHARGE, contentType: null }
    return await publish(deps, tx, { kind: 'mkcol', reservation, staged, intent })
  })
}

async function checkFree(deps: Deps, { path, guard }: MakeCollection): Promise<void> {
  const before = await deps.store.stat(path)
  if (before !== null) {
    throw new DavError('already-exists', `a ${before.kind} is there already`, { path })
  }
  await requireParent(deps, path)
  await requireAllowed(deps, guard, { path, current: before, changes: changesOfName(path, before) })
}

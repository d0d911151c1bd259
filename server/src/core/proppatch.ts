import type { Deps } from './deps.ts'
import { diskRoom } from './disk-room.ts'
import { DavError, isNoRoom } from './errors.ts'
import { type Guard, requireAllowed } from './guard.ts'
import type { ResourcePath } from './path.ts'
import { whenSettled } from './postponed.ts'
import { noRoomForProperty } from './space.ts'
import { askingForSpare } from './spare.ts'
import type { PropertyChange, PropertyRefusal } from './state.ts'
import type { Tx } from './tx.ts'

export interface PropertyUpdate {
  readonly path: ResourcePath
  readonly guard: Guard
  readonly changes: readonly PropertyChange[]
  /** The modification time that one of the changes asks for; null for none. */
  readonly modifiedMs: number | null
  /** A change that no state could make possible; told only to those whom locks and conditions let through. */
  readonly refused: PropertyFailure | null
}

export interface PropertyFailure {
  readonly index: number
  readonly error: DavError
}

/**
 * Stores and removes properties, all of them or none (RFC 4918 §9.2). Removing needs no room.
 * @returns null, or the first change that failed and why
 * @throws DavError 'not-found' | 'locked' | 'precondition-failed' before anything is tried
 */
export function updateProperties(deps: Deps, update: PropertyUpdate): Promise<PropertyFailure | null> {
  const { path, guard, refused } = update
  return whenSettled(deps, [path], async (tx) => {
    const current = await deps.store.stat(path)
    if (current === null) throw new DavError('not-found', 'there is nothing under this name', { path })
    await requireAllowed(deps, guard, { path, current, changes: [{ path, what: 'content' }] })
    if (refused !== null) return refused
    return await patch(deps, tx, update)
  })
}

/** Whoever has no room for it, a limit or the system, the answer is about a property (RFC 4918 §9.2.1). */
async function patch(
  deps: Deps,
  tx: Tx,
  { path, changes, modifiedMs }: PropertyUpdate,
): Promise<PropertyFailure | null> {
  try {
    const ask = () =>
      deps.state.properties.patch(tx, path, {
        changes,
        mostBytes: deps.limits.propertyBytesPerResource,
        diskRoom: diskRoom(deps),
        ...(modifiedMs === null ? {} : { alongside: () => setTime(deps, tx, path, modifiedMs) }),
      })
    const noRoom = await askingForSpare(deps, ask, inFlightOf)
    return noRoom === null ? null : { index: noRoom.index, error: noRoomForProperty(noRoom.refusal, path) }
  } catch (error) {
    if (!isNoRoom(error)) throw error
    const index = changes.findIndex(({ value }) => value !== null)
    return { index: Math.max(0, index), error }
  }
}

/** @returns what puts the old time back, or says in the log why it cannot: the refusal on its way must arrive */
function setTime(deps: Deps, tx: Tx, path: ResourcePath, modifiedMs: number): () => void {
  const undo = deps.store.touch(tx, path, modifiedMs)
  return () => {
    try {
      undo()
    } catch (error) {
      deps.log.error('a modification time could not be put back', { path, error })
    }
  }
}

function inFlightOf(noRoom: PropertyRefusal | null): { readonly inFlight: number } | null {
  if (noRoom === null) return null
  return noRoom.refusal.refusedBy === 'resource' ? { inFlight: 0 } : noRoom.refusal
}

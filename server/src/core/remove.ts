import type { Deps } from './deps.ts'
import { DavError, isNoRoom } from './errors.ts'
import { changesOfName, type Guard, requireAllowed } from './guard.ts'
import type { Removal } from './ledger.ts'
import { forgetGoneBelow } from './orphans.ts'
import { type ResourcePath, ROOT } from './path.ts'
import { requireSettled, settlePostponed } from './postponed.ts'
import { failedAfterwards } from './publish.ts'
import { correctBelow } from './reconcile.ts'
import { leaseUntilMs, settleOrPostpone } from './space.ts'
import type { Tx } from './tx.ts'

export interface Remove {
  readonly path: ResourcePath
  readonly guard: Guard
}

/**
 * Removes a file or a whole collection (RFC 4918 §9.6). Needs no room: the bytes go first and the rows second,
 * so on a full disk the removal itself makes the room its bookkeeping takes.
 * @throws DavError 'not-found' | 'forbidden' | 'precondition-failed' | 'io-error'
 */
export async function remove(deps: Deps, request: Remove): Promise<void> {
  const { path } = request
  if (path === ROOT) throw new DavError('forbidden', 'the root collection cannot be deleted', { path })
  await deps.state.exclusive([path], async (tx) => {
    const owed = await settlePostponed(deps, tx, [path])
    const before = await deps.store.stat(path)
    if (before === null) throw new DavError('not-found', 'there is nothing to delete', { path })
    await requireAllowed(deps, request.guard, { path, current: before, changes: changesOfName(path, before) })
    const id = deps.newId()
    const identity = await deps.store.identify(path)
    const removal = { id, path, identity, bytes: before.bytes, leaseUntilMs: leaseUntilMs(deps) }
    const journaled = await journal(deps, tx, removal)
    try {
      const removed = await deps.store.remove(tx, path, id)
      if (removed === 'out-of-sight')
        deps.log.error('what was deleted takes room until the next start', { path })
    } catch (error) {
      const isThere = await withdraw(deps, tx, removal, { journaled, owed })
      throw isThere ? error : failedAfterwards(error, path)
    }
    if (!journaled) await journalAfterwards(deps, tx, removal)
    await settleAfter(deps, tx, removal, owed)
  })
  deps.state.maintain()
}

/**
 * What is owed there comes first, because a removal takes away again what that has brought; and there may be room for
 * it by now.
 */
async function settleAfter(deps: Deps, tx: Tx, { id, path }: Removal, owed: DavError | null): Promise<void> {
  if (owed === null) return void (await settleOrPostpone(deps, tx, id))
  deps.unsettled.add(id)
  try {
    await settlePostponed(deps, tx, [path])
  } catch (error) {
    deps.log.error('a removal is left to recovery', { claim: id, path, error })
  }
}

/** On a disk so full that not even this row fits, the removal goes ahead and is written down after it. */
async function journal(deps: Deps, tx: Tx, removal: Removal): Promise<boolean> {
  try {
    await deps.state.ledger.journalRemoval(tx, removal)
    return true
  } catch (error) {
    if (!isNoRoom(error)) {
      await leaveUndone(deps, removal, () => deps.state.ledger.release(removal.id))
      throw error
    }
    deps.log.warn('the state has no room to journal a removal', { path: removal.path })
    return false
  }
}

/**
 * Recovery must not carry out later what was answered with a refusal. What could be removed all the same, the
 * members beside one that could not, is given back (RFC 4918 §9.6.1), with its properties and locks.
 * @returns whether it is known to be there
 */
async function withdraw(
  deps: Deps,
  tx: Tx,
  removal: Removal,
  { journaled, owed }: { readonly journaled: boolean; readonly owed: DavError | null },
): Promise<boolean> {
  const { id, path } = removal
  let isThere = false
  await leaveUndone(deps, removal, async () => {
    isThere = (await deps.store.stat(path)) !== null
    if (!isThere && journaled) return await settleAfter(deps, tx, removal, owed)
    await deps.state.ledger.release(id)
    // What is counted now must not be counted again when something that was postponed is settled.
    await requireSettled(deps, tx, [path])
    await correctBelow(deps, path)
    await forgetGoneBelow(deps, tx, path)
  })
  return isThere
}

/** The refusal that is on its way must arrive; what is left of the journal row is recovery's. */
async function leaveUndone(deps: Deps, { id, path }: Removal, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    deps.log.error('a removal that failed is left to recovery', { claim: id, path, error })
  }
}

/** The bytes are gone, and that is what counts: the counters stay too high until the folder is counted again. */
async function journalAfterwards(deps: Deps, tx: Tx, removal: Removal): Promise<void> {
  try {
    await deps.state.ledger.journalRemoval(tx, removal)
  } catch (error) {
    deps.log.error('a removal could not be written down', { claim: removal.id, path: removal.path, error })
  }
}

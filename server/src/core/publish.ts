import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import type { ClaimKind, Intent } from './ledger.ts'
import type { ResourcePath } from './path.ts'
import type { Resource } from './resource.ts'
import type { Reservation } from './space.ts'
import type { Committable, StoredDeed } from './store.ts'
import type { Tx } from './tx.ts'

export interface Publication {
  readonly kind: ClaimKind
  readonly reservation: Reservation
  readonly staged: Committable
  readonly intent: Omit<Intent, 'identity'>
}

/**
 * The last step of everything that makes something appear: journal, commit, settle.
 *
 * Afterwards either the resource is there and charged, or nothing has changed and the caller must `abandon`. A crash
 * between the three is resolved from the journal, and so is a commit that fails after its rename (a directory that
 * cannot be synced): then the new content stands, is charged, and the error still flies.
 * @throws DavError 'quota-exceeded' | 'disk-full' | 'io-error' and what the store's commit throws
 */
export async function publish(deps: Deps, tx: Tx, publication: Publication): Promise<Resource> {
  const { kind, reservation, staged, intent } = publication
  const { id, path } = reservation
  // Asked once: after its rename the staged thing cannot be looked at any more.
  const { identity } = staged
  await reservation.intend(tx, { ...intent, identity })
  try {
    const resource = await staged.commit(tx, path)
    await reservation.settle(tx)
    return resource
  } catch (error) {
    const outcome = await resolve(deps, tx, reservation, { id, kind, path, identity })
    throw outcome === 'undone' ? error : failedAfterwards(error, path)
  }
}

/** Where not even the store knows what became of a commit, the journal stays and recovery asks again. */
async function resolve(deps: Deps, tx: Tx, reservation: Reservation, journal: StoredDeed) {
  try {
    const outcome = await deps.store.recover(journal)
    if (outcome === 'done') await reservation.settle(tx)
    return outcome
  } catch (error) {
    deps.log.error('a commit that failed is left to recovery', {
      claim: journal.id,
      path: journal.path,
      error,
    })
    reservation.leave()
    return 'unknown'
  }
}

/** A refusal for want of room says that nothing has changed: it is not the word for what stands and may not last. */
export function failedAfterwards(error: unknown, path: ResourcePath): unknown {
  if (!(error instanceof DavError)) return error
  return new DavError('io-error', `it may be done, but not to last: ${error.message}`, { path, cause: error })
}

/**
 * Undoes what was begun and will not be published. It never fails: the refusal that is on its way must arrive. What
 * cannot be undone now keeps its claim, and recovery tries again when the lease has ended.
 */
export async function abandon(
  deps: Deps,
  reservation: Reservation,
  staged: Pick<Committable, 'discard'> | null,
): Promise<void> {
  try {
    await staged?.discard()
    await reservation.release()
  } catch (error) {
    deps.log.error('what was begun is left to recovery', {
      claim: reservation.id,
      path: reservation.path,
      error,
    })
    reservation.leave()
  }
}

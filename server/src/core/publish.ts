import type { Deps } from './deps.ts'
import { settlePostponed } from './recover.ts'
import type { Resource } from './resource.ts'
import type { Reservation } from './space.ts'
import type { ClaimKind, Intent, Tx } from './state.ts'
import type { Committable } from './store.ts'

export interface Publication {
  readonly kind: ClaimKind
  readonly reservation: Reservation
  readonly staged: Committable
  readonly intent: Omit<Intent, 'identity'>
}

/**
 * The last step of everything that makes something appear: journal, commit, settle.
 *
 * Afterwards either the resource is there and charged, or nothing has changed and the caller must discard and
 * release. A crash between the three is resolved from the journal, and so is a commit that fails after its rename
 * (a directory that cannot be synced): then the new content stands, is charged, and the error still flies.
 * @throws DavError 'quota-exceeded' | 'disk-full' | 'io-error' and what the store's commit throws
 */
export async function publish(deps: Deps, tx: Tx, publication: Publication): Promise<Resource> {
  const { kind, reservation, staged, intent } = publication
  const { id, path } = reservation
  await settlePostponed(deps, tx, path)
  await reservation.intend(tx, { ...intent, identity: staged.identity })
  try {
    const resource = await staged.commit(tx, path)
    await reservation.settle(tx)
    return resource
  } catch (error) {
    const outcome = await deps.store.recover({ id, kind, path, identity: staged.identity })
    if (outcome === 'done') await reservation.settle(tx)
    throw error
  }
}

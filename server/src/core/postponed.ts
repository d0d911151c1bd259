import type { Deps } from './deps.ts'
import type { ClaimJournal } from './ledger.ts'
import { contains, type ResourcePath } from './path.ts'
import { settleOrPostpone } from './space.ts'
import type { Tx } from './tx.ts'

/**
 * Makes up for settlements at or below `path` that were postponed, while the thing they stand for is still there.
 * To be called first in every critical section that changes it.
 */
export async function settlePostponed(deps: Deps, tx: Tx, path: ResourcePath): Promise<void> {
  const claims = await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)
  for (const claim of claims) {
    if (claim.identity !== null && contains(path, claim.path)) await endClaim(deps, tx, claim)
  }
}

/** Finishes or undoes what a claim stands for, by what is found at its path. */
export async function endClaim(deps: Deps, tx: Tx, claim: ClaimJournal): Promise<void> {
  const outcome = await deps.store.recover(claim)
  if (outcome === 'done') await settleOrPostpone(deps, tx, claim.id)
  else await deps.state.ledger.release(claim.id)
}

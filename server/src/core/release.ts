import type { Deps } from './deps.ts'
import { isNoRoom } from './errors.ts'

/**
 * Ends a claim as if it had never been made. If the state has no room even for that, it is done as soon as there is
 * some: what is promised to nobody must not be refused to others for as long as a lease.
 */
export async function releaseOrPostpone(deps: Deps, id: string): Promise<void> {
  try {
    await deps.state.ledger.release(id)
    deps.unreleased.delete(id)
  } catch (error) {
    if (!isNoRoom(error)) throw error
    deps.unreleased.add(id)
    deps.log.error('a release is postponed: the state cannot be written', {
      claim: id,
      reason: error.message,
    })
  }
}

/** Makes up for the releases that had no room. */
export async function releasePostponed(deps: Deps): Promise<void> {
  for (const id of [...deps.unreleased]) await releaseOrPostpone(deps, id)
}

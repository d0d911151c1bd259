import type { Deps } from './deps.ts'
import type { ClaimJournal } from './ledger.ts'
import type { LogFields } from './log.ts'
import { forgetOrphans } from './orphans.ts'
import { endClaim, pathsOf, settlePostponed } from './postponed.ts'
import { releasePostponed } from './release.ts'

/**
 * At start: every claim that a crash left behind is finished or undone, and everything staged is removed.
 * Afterwards no room is reserved and the counters stand for what the folder holds.
 */
export async function recoverAll(deps: Deps): Promise<{ claims: number; strays: number }> {
  const claims = await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)
  for (const claim of claims) await tryToRecover(deps, claim)
  // A claim that could not be recovered may still need what it has staged or put aside, and the properties of that.
  const left = new Set((await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)).map(({ id }) => id))
  if (left.size === 0) for await (const _ of forgetOrphans(deps, null));
  const strays = await orTellOf(deps, 'what is staged cannot be removed', {}, () =>
    deps.store.discardStrays(left),
  )
  return { claims: claims.length, strays: strays ?? 0 }
}

/**
 * While running: keeps the leases of running requests, and recovers claims whose owner is gone. Those with an identity
 * are looked at without waiting for the end of their lease: either their turn is over when ours comes, or they were
 * left to recovery.
 * @param endedMs which leases count as ended; later than now where their owners are given less time
 */
export async function keepLeases(deps: Deps, endedMs: number = deps.nowMs()): Promise<void> {
  const leaseUntilMs = deps.nowMs() + deps.limits.leaseSeconds * 1000
  for (const id of deps.running.keys()) await deps.state.ledger.renew(id, leaseUntilMs)
  await releasePostponed(deps)
  const ended = new Set((await deps.state.ledger.expired(endedMs)).map(({ id }) => id))
  for (const claim of await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)) {
    if (deps.running.has(claim.id)) continue
    if (claim.identity !== null || ended.has(claim.id)) await tryToRecover(deps, claim)
  }
  await deps.state.locks.purge(deps.nowMs())
}

/** At a start nothing that fails may keep the rest, and the server itself, waiting. */
async function orTellOf<T>(
  { log }: Deps,
  message: string,
  fields: LogFields,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    log.error(message, { ...fields, error })
    return null
  }
}

/** One claim that cannot be recovered keeps neither the others nor the start waiting; it is tried again. */
async function tryToRecover(deps: Deps, journal: ClaimJournal): Promise<void> {
  const { id, path } = journal
  const paths = pathsOf(journal)
  await orTellOf(deps, 'a claim could not be recovered', { claim: id, path }, () =>
    deps.state.exclusive(paths, async (tx) => {
      if ((await settlePostponed(deps, tx, paths)) === null) await endClaim(deps, tx, journal)
    }),
  )
}

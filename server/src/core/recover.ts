import type { Deps } from './deps.ts'
import { contains, type ResourcePath, ROOT } from './path.ts'
import type { Totals } from './resource.ts'
import { settleOrPostpone } from './space.ts'
import type { ClaimJournal, Tx } from './state.ts'

/**
 * At start: every claim that a crash left behind is finished or undone, and everything staged is removed.
 * Afterwards no room is reserved and the counters stand for what the folder holds.
 */
export async function recoverAll(deps: Deps): Promise<{ claims: number; strays: number }> {
  const claims = await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)
  for (const claim of claims) await tryToRecover(deps, claim)
  await forgetOrphans(deps)
  return { claims: claims.length, strays: await deps.store.discardStrays(new Set()) }
}

/** While running: keeps the leases of running requests, and recovers claims whose owner is gone. */
export async function keepLeases(deps: Deps): Promise<void> {
  const leaseUntilMs = deps.nowMs() + deps.limits.leaseSeconds * 1000
  for (const id of deps.running.keys()) await deps.state.ledger.renew(id, leaseUntilMs)
  for (const claim of await deps.state.ledger.expired(deps.nowMs())) {
    if (!deps.running.has(claim.id)) await tryToRecover(deps, claim)
  }
  await deps.state.locks.purge(deps.nowMs())
}

/** Properties and locks of what was removed behind the server's back, or never came to be, have no meaning. */
async function forgetOrphans(deps: Deps): Promise<void> {
  const { properties, locks } = deps.state
  await locks.purge(deps.nowMs())
  for (const lock of await locks.all(deps.nowMs())) {
    if ((await deps.store.stat(lock.root)) !== null) continue
    await deps.state.exclusive([lock.root], (tx) => locks.remove(tx, lock.token))
  }
  for await (const page of properties.paths()) {
    for (const path of page) {
      if (path.startsWith('/') && (await deps.store.stat(path)) !== null) continue
      await deps.state.exclusive([path], (tx) => properties.forget(tx, path))
    }
  }
}

/**
 * Makes up for settlements at or below `path` that were postponed, while the thing they stand for is still there.
 * To be called first in every critical section that changes it.
 */
export async function settlePostponed(deps: Deps, tx: Tx, path: ResourcePath): Promise<void> {
  const claims = await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)
  for (const claim of claims) {
    const isPostponed = claim.identity !== null && claim.kind !== 'remove'
    if (isPostponed && contains(path, claim.path)) await end(deps, tx, claim)
  }
}

/** One claim that cannot be recovered keeps neither the others nor the start waiting; it is tried again. */
async function tryToRecover(deps: Deps, { id, path }: ClaimJournal): Promise<void> {
  try {
    await deps.state.exclusive([path], async (tx) => {
      // Read again: its owner may have ended it while this waited for the critical section.
      const claim = await deps.state.ledger.journal(id)
      if (claim !== null) await end(deps, tx, claim)
    })
  } catch (error) {
    deps.log.error('a claim could not be recovered', { claim: id, path, error })
  }
}

async function end(deps: Deps, tx: Tx, claim: ClaimJournal): Promise<void> {
  const outcome = await deps.store.recover(claim)
  if (outcome === 'done') await settleOrPostpone(deps, tx, claim.id)
  else await deps.state.ledger.release(claim.id)
}

/** Counts the folder, which is the truth, and repairs the ledger. Yields the sums so far. */
export async function* recount(deps: Deps): AsyncGenerator<Totals> {
  let counted: Totals = { bytes: 0, entries: 0 }
  for await (const sum of deps.store.measure(ROOT)) {
    counted = sum
    yield sum
  }
  const before = await deps.state.ledger.recount(counted)
  const isFirstCount = before.bytes === 0 && before.entries === 0
  if (isFirstCount || (before.bytes === counted.bytes && before.entries === counted.entries)) return
  deps.log.warn('the folder differs from the counters, which are corrected', {
    countedBytes: counted.bytes,
    countedEntries: counted.entries,
    recordedBytes: before.bytes,
    recordedEntries: before.entries,
  })
}

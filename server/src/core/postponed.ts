import type { Deps } from './deps.ts'
import type { DavError } from './errors.ts'
import type { ClaimJournal } from './ledger.ts'
import { contains, type ResourcePath } from './path.ts'
import { releaseOrPostpone } from './release.ts'
import { settleOrPostpone } from './space.ts'
import type { Tx } from './tx.ts'

/**
 * A critical section in which something is written. What was postponed there is made up for first: a settlement that
 * comes later would take what is written now for what was replaced.
 * @throws DavError what the state says if it cannot be written even now
 */
export function whenSettled<T>(
  deps: Deps,
  paths: readonly ResourcePath[],
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return deps.state.exclusive(paths, async (tx) => {
    await requireSettled(deps, tx, paths)
    return await work(tx)
  })
}

/** The same within a critical section that holds `paths`. @throws DavError as `whenSettled` */
export async function requireSettled(deps: Deps, tx: Tx, paths: readonly ResourcePath[]): Promise<void> {
  const reason = await settlePostponed(deps, tx, paths)
  if (reason !== null) throw reason
}

/**
 * Makes up for the settlements that concern `paths`, and for those they rest on, in the order in which they were
 * postponed. Whoever goes on all the same must leave a settlement of his own to follow them.
 * @returns why not all of them could be made up for even now
 */
export async function settlePostponed(
  deps: Deps,
  tx: Tx,
  paths: readonly ResourcePath[],
): Promise<DavError | null> {
  const claims = await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)
  const intended = claims.filter(({ identity }) => identity !== null)
  for (const claim of leadingTo(paths, inOrder(deps, intended))) {
    const reason = await endClaim(deps, tx, claim)
    if (reason !== null) return reason
  }
  return null
}

/** Everything in which a claim may still change rows. */
export function pathsOf({ path, sourcePath }: ClaimJournal): readonly ResourcePath[] {
  return sourcePath === null ? [path] : [path, sourcePath]
}

/**
 * Finishes or undoes what a claim stands for, by what is known of it or found at its path. Critical sections side by
 * side may meet the claim of a collection above them at the same moment: only one of them does the work.
 */
export function endClaim(deps: Deps, tx: Tx, { id }: ClaimJournal): Promise<DavError | null> {
  const running = deps.ending.get(id) ?? endNow(deps, tx, id).finally(() => deps.ending.delete(id))
  deps.ending.set(id, running)
  return running
}

async function endNow(deps: Deps, tx: Tx, id: string): Promise<DavError | null> {
  // Read again: somebody else may have ended it since it was found.
  const claim = await deps.state.ledger.journal(id)
  if (claim === null) return null
  if (await isDone(deps, claim)) return await settleOrPostpone(deps, tx, id)
  await releaseOrPostpone(deps, id)
  return null
}

/** Looked at only where it is not known: what was done may be gone again by now, and what was undone done by another. */
async function isDone(deps: Deps, claim: ClaimJournal): Promise<boolean> {
  if (deps.unsettled.has(claim.id)) return true
  return !deps.unreleased.has(claim.id) && (await deps.store.recover(claim)) === 'done'
}

function inOrder({ unsettled }: Deps, claims: readonly ClaimJournal[]): readonly ClaimJournal[] {
  const order = [...unsettled]
  return claims.toSorted((one, other) => order.indexOf(one.id) - order.indexOf(other.id))
}

/** A removal that went ahead of a settlement in what it removed rests on that one, whoever asks for it. */
function leadingTo(paths: readonly ResourcePath[], claims: readonly ClaimJournal[]): readonly ClaimJournal[] {
  const concerned = [...paths]
  const leading = claims.toReversed().filter((claim) => {
    const own = pathsOf(claim)
    const isLeading = own.some((a) => concerned.some((b) => contains(a, b) || contains(b, a)))
    if (isLeading) concerned.push(...own)
    return isLeading
  })
  return leading.reverse()
}

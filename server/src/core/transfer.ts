import type { Deps } from './deps.ts'
import { DavError, type MemberFailure } from './errors.ts'
import { type Change, changesOfName, type Guard, requireAllowed, requireParent } from './guard.ts'
import { contains, type ResourcePath, ROOT } from './path.ts'
import type { Resource } from './resource.ts'

/** A COPY or MOVE. */
export interface Transfer {
  readonly from: ResourcePath
  readonly to: ResourcePath
  readonly overwrite: boolean
  readonly guard: Guard
}

export interface TransferOutcome {
  readonly created: boolean
  /** The topmost members that are missing at the destination, by their path there. */
  readonly failures: readonly MemberFailure[]
}

/**
 * What COPY and MOVE both demand.
 * @param changesAtSource what else is changed, given the source
 * @throws DavError 'not-found' | 'forbidden' | 'parent-missing' | 'precondition-failed' | 'locked'
 */
export async function checkTransfer(
  deps: Deps,
  { from, to, overwrite, guard }: Transfer,
  changesAtSource: (source: Resource) => readonly Change[],
): Promise<{ source: Resource; target: Resource | null }> {
  const source = await deps.store.stat(from)
  if (source === null) throw new DavError('not-found', 'there is nothing under this name', { path: from })
  if (from === to || contains(to, from) || to === ROOT) {
    throw new DavError(
      'forbidden',
      'a resource cannot be put onto itself or onto a collection that holds it',
      {
        path: from,
      },
    )
  }
  await requireParent(deps, to)
  await requireNoConfiguredSpace(deps, to)
  const target = await deps.store.stat(to)
  const changes = [...changesAtSource(source), ...changesOfName(to, target)]
  await requireAllowed(deps, guard, { path: from, current: source, changes })
  if (target !== null && !overwrite) {
    throw new DavError('precondition-failed', 'there is something at the destination already', { path: to })
  }
  return { source, target }
}

/** What appears as a whole cannot be charged to limits that the operator has set on parts of it. */
async function requireNoConfiguredSpace(deps: Deps, to: ResourcePath): Promise<void> {
  const [space] = await deps.state.ledger.configuredBelow(to)
  if (space === undefined) return
  throw new DavError('forbidden', `${space.path} below it has limits of its own; copy or move its parts`, {
    path: to,
  })
}

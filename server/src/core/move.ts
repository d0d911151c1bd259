import type { Deps } from './deps.ts'
import { DavError, isNoRoom } from './errors.ts'
import { largestFileIn, requireFileSize } from './file-size.ts'
import { changesOfName } from './guard.ts'
import { contains, type ResourcePath, ROOT } from './path.ts'
import { whenSettled } from './postponed.ts'
import { abandon, publish } from './publish.ts'
import { correctBelow } from './reconcile.ts'
import type { Resource } from './resource.ts'
import { reserve } from './space.ts'
import type { Committable } from './store.ts'
import { chargeOf, contentOf } from './totals.ts'
import { checkTransfer, type Transfer, type TransferOutcome } from './transfer.ts'
import type { Tx } from './tx.ts'

/**
 * Moves a file or a tree by one rename (RFC 4918 §9.9). Inside the same spaces it claims nothing and works on a full
 * disk; into another space it claims there what it brings. What was at the destination is replaced at the rename.
 * @throws DavError 'not-found' | 'forbidden' | 'parent-missing' | 'precondition-failed' | 'locked' |
 *   'copy-too-large' | 'quota-exceeded' | 'io-error'
 */
export async function moveTree(deps: Deps, move: Transfer): Promise<TransferOutcome> {
  const { from, to } = move
  if (from === ROOT || contains(from, to)) {
    throw new DavError('forbidden', 'a collection cannot be moved into itself', { path: from })
  }
  return await whenSettled(deps, [from, to], async (tx) => {
    const { source, target } = await checkTransfer(deps, move, (moving) => changesOfName(from, moving))
    // A link or device is nothing to a client, and a rename would take its place all the same.
    await deps.store.requireCommittable(to)
    const entered = await deps.state.ledger.entered(to, from)
    if (entered.length > 0) {
      // The claim is for what is recorded, so the records must be what is there.
      if (source.kind === 'collection') await correctBelow(deps, from)
      await requireFileSizes(deps, source, largestFileIn(deps, entered))
    }
    await rename(deps, tx, { source, target, to })
    return { created: target === null, failures: [] }
  })
}

interface Rename {
  readonly source: Resource
  readonly target: Resource | null
  readonly to: ResourcePath
}

async function rename(deps: Deps, tx: Tx, { source, target, to }: Rename): Promise<void> {
  const from = source.path
  const id = deps.newId()
  const moved = await chargeOf(deps, from, source)
  const replaces = await chargeOf(deps, to, target)
  const claim = { id, kind: 'move' as const, path: to, sourcePath: from }
  const reservation = await reserve(deps, { ...claim, ...moved, replaces })
  try {
    const staged = atAllCosts(deps, from, await deps.store.detach(from, id))
    const intent = { ...contentOf(moved), replaces: contentOf(replaces), contentType: null }
    await publish(deps, tx, { kind: 'move', reservation, staged, intent })
  } catch (error) {
    await abandon(deps, reservation, null)
    throw error
  }
}

/**
 * A completely full btrfs cannot even rename. What is kept for that case is given up, and it is tried once more, unless
 * it has moved all the same.
 */
function atAllCosts(deps: Deps, from: ResourcePath, moving: Committable): Committable {
  return {
    ...moving,
    async commit(tx, path) {
      try {
        return await moving.commit(tx, path)
      } catch (error) {
        if (!isNoRoom(error) || (await deps.store.stat(from)) === null || !deps.state.giveWay()) throw error
        return await moving.commit(tx, path)
      }
    },
  }
}

/** A space that takes no such file takes none by a move either; it is looked for only where there is a bound. */
async function requireFileSizes(deps: Deps, source: Resource, maxFileBytes: number | null): Promise<void> {
  if (maxFileBytes === null) return
  const pending = [source]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    requireFileSize(next.bytes, maxFileBytes, { path: next.path, refusal: 'copy-too-large' })
    if (next.kind === 'file') continue
    for await (const page of deps.store.list(next.path)) pending.push(...page)
  }
}

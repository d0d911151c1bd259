import { checkTransfer, type Transfer, type TransferOutcome } from './copy.ts'
import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { changesOfName } from './guard.ts'
import { contains, parentOf, type ResourcePath, ROOT } from './path.ts'
import { abandon, publish } from './publish.ts'
import { settlePostponed } from './recover.ts'
import type { Resource, Totals } from './resource.ts'
import { reserve } from './space.ts'
import type { Tx } from './state.ts'
import { measured } from './totals.ts'

/**
 * Moves a file or a tree by one rename (RFC 4918 §9.9). Inside the same spaces it claims nothing and works on a full
 * disk; into another space it claims there what it brings. What was at the destination is replaced at the rename.
 * @throws DavError 'not-found' | 'forbidden' | 'parent-missing' | 'precondition-failed' | 'locked' |
 *   'quota-exceeded' | 'io-error'
 */
export async function moveTree(deps: Deps, move: Transfer): Promise<TransferOutcome> {
  const { from, to } = move
  if (from === ROOT || contains(from, to)) {
    throw new DavError('forbidden', 'a collection cannot be moved into itself', { path: from })
  }
  return await deps.state.exclusive([from, to], async (tx) => {
    await settlePostponed(deps, tx, from)
    const { source, target } = await checkTransfer(deps, move, (moving) => changesOfName(from, moving))
    await rename(deps, tx, { source, to, replaced: target === null ? NOTHING : await measured(deps, to) })
    return { created: target === null, failures: [] }
  })
}

const NOTHING: Totals = { bytes: 0, entries: 0 }

interface Rename {
  readonly source: Resource
  readonly to: ResourcePath
  readonly replaced: Totals
}

async function rename(deps: Deps, tx: Tx, { source, to, replaced }: Rename): Promise<void> {
  const from = source.path
  const id = deps.newId()
  const moved = (await changesSpaces(deps, from, to)) ? await charge(deps, from) : NOTHING
  const reservation = await reserve(deps, {
    id,
    kind: 'move',
    path: to,
    bytes: moved.bytes,
    replacesBytes: replaced.bytes + (await deps.state.properties.chargedBytes(to, 'infinity')),
    entries: -replaced.entries,
    sourcePath: from,
    movedEntries: moved.entries,
  })
  try {
    await publish(deps, tx, {
      kind: 'move',
      reservation,
      staged: await deps.store.detach(from, id),
      intent: {
        bytes: moved.bytes,
        replacesBytes: replaced.bytes,
        entries: -replaced.entries,
        contentType: null,
      },
    })
  } catch (error) {
    await abandon(deps, reservation, null)
    throw error
  }
}

/** What a tree is charged to every space that contains it. */
async function charge(deps: Deps, path: ResourcePath): Promise<Totals> {
  const { bytes, entries } = await measured(deps, path)
  return { bytes: bytes + (await deps.state.properties.chargedBytes(path, 'infinity')), entries }
}

async function changesSpaces(deps: Deps, from: ResourcePath, to: ResourcePath): Promise<boolean> {
  const there = await deps.state.ledger.enclosing(parentOf(from))
  const here = await deps.state.ledger.enclosing(to)
  return here.map(({ path }) => path).join('\n') !== there.map(({ path }) => path).join('\n')
}

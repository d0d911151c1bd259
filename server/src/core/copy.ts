import { type Filler, fillerOf } from './copy-filler.ts'
import type { Deps } from './deps.ts'
import { DavError, isNoRoom, type MemberFailure } from './errors.ts'
import { largestFileBytes, requireFileSize } from './file-size.ts'
import { nameOf, type ResourcePath } from './path.ts'
import { whenSettled } from './postponed.ts'
import { abandon, publish } from './publish.ts'
import { NOTHING, type Resource, type Totals } from './resource.ts'
import { type Reservation, reserve, type Want } from './space.ts'
import type { StagedCopy } from './store.ts'
import { chargeOf, contentOf, measured } from './totals.ts'
import { checkTransfer, type Transfer, type TransferOutcome } from './transfer.ts'

export interface Copy extends Transfer {
  readonly depth: '0' | 'infinity'
}

/**
 * Copies a file or a tree (RFC 4918 §9.8). The whole is claimed before the first member is copied, so what cannot
 * fit is refused and nothing is created. Members are copied where nobody sees them and appear together; what was
 * at the destination is replaced at that moment and never before.
 * @throws DavError 'not-found' | 'forbidden' | 'parent-missing' | 'precondition-failed' | 'locked' |
 *   'copy-too-large' | 'quota-exceeded' | 'disk-full' | 'io-error'
 */
export async function copyTree(deps: Deps, copy: Copy): Promise<TransferOutcome> {
  const { want, ...found } = await measureCopy(deps, copy)
  deps.running.set(want.id, { user: copy.guard.user, takesSlot: true, written: NOTHING })
  try {
    const reservation = await reserve(deps, want)
    return await fillAndCommit(deps, copy, { ...found, reservation })
  } finally {
    deps.running.delete(want.id)
  }
}

export interface MeasuredCopy {
  readonly source: Resource
  readonly withMembers: boolean
  readonly propertyBytes: number
  /** The largest file that is taken at the destination; null for no bound. */
  readonly maxFileBytes: number | null
  readonly want: Want
}

/** Checks all that can be refused and sums what the copy would need. Nothing is claimed. @throws as `copyTree` */
export async function measureCopy(deps: Deps, copy: Copy): Promise<MeasuredCopy> {
  const { source, target } = await checkTransfer(deps, copy, () => [])
  const maxFileBytes = await largestFileBytes(deps, copy.to)
  requireFileSize(source.bytes, maxFileBytes, { path: copy.from, refusal: 'copy-too-large' })
  const withMembers = copy.depth === 'infinity' || source.kind === 'file'
  const totals = withMembers ? await measured(deps, copy.from) : { bytes: 0, entries: 1 }
  const propertyBytes = await deps.state.properties.chargedBytes(copy.from, withMembers ? 'infinity' : '0')
  const want: Want = {
    id: deps.newId(),
    kind: 'copy',
    path: copy.to,
    bytes: totals.bytes + propertyBytes,
    entries: totals.entries,
    propertyBytes,
    replaces: await chargeOf(deps, copy.to, target),
    writtenEntries: totals.entries,
  }
  return { source, withMembers, propertyBytes, maxFileBytes, want }
}

interface Filling extends Omit<MeasuredCopy, 'want'> {
  readonly reservation: Reservation
}

async function fillAndCommit(deps: Deps, copy: Copy, filling: Filling): Promise<TransferOutcome> {
  const { reservation } = filling
  let staged: StagedCopy | null = null
  try {
    staged = await deps.store.stageCopy(copy.to, reservation.id, filling.source.kind)
    const filler = fillerOf(deps, { ...filling, staged })
    const failures = await fill(deps, filler, copy, filling)
    return await commitCopy(deps, copy, { staged, reservation, filler, failures })
  } catch (error) {
    await abandon(deps, reservation, staged)
    throw error
  }
}

/** Fails as a whole only where the root fails; a member that fails is left out, and so is what is below it. */
async function fill(
  deps: Deps,
  filler: Filler,
  copy: Copy,
  { source, withMembers }: Filling,
): Promise<MemberFailure[]> {
  if (source.kind === 'file') {
    await filler.file(source, '')
    return []
  }
  await filler.collection(source.path, '')
  const failures: MemberFailure[] = []
  const folders: Folder[] = withMembers ? [{ path: copy.from, below: '' }] : []
  const attempt = async (below: string, work: () => Promise<void>): Promise<void> => {
    const failed = failures.length
    try {
      await work()
    } catch (error) {
      if (!(error instanceof DavError) || error === filler.stuck() || below === '') throw error
      failures.splice(failed, failures.length, { path: `${copy.to}${below}` as ResourcePath, error })
    }
  }
  if (!withMembers) await filler.record('', NOTHING)
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { path, below } = folder
    const before = filler.totals()
    await attempt(below, async () => {
      folders.push(...(await copyMembers(deps, filler, { path, below }, attempt)))
    })
    await recordFolder(filler, below, before)
  }
  return failures
}

/** A folder that had to be taken out again is one member less in the folder above. */
async function recordFolder(filler: Filler, below: string, before: Totals): Promise<void> {
  const after = filler.totals()
  if (after.entries < before.entries) {
    await filler.record(below.slice(0, below.lastIndexOf('/')), { bytes: 0, entries: -1 })
    return
  }
  const change = { bytes: after.bytes - before.bytes, entries: after.entries - before.entries }
  await filler.record(below, change)
}

interface Folder {
  readonly path: ResourcePath
  readonly below: string
}

/** @returns the folders among the members, still empty. If the members cannot be listed, the folder goes again. */
async function copyMembers(
  deps: Deps,
  filler: Filler,
  { path, below }: Folder,
  attempt: (below: string, work: () => Promise<void>) => Promise<void>,
): Promise<readonly Folder[]> {
  const { bytes, entries } = filler.totals()
  const folders: Folder[] = []
  try {
    for await (const page of deps.store.list(path)) {
      for (const member of page) {
        const memberBelow = `${below}/${nameOf(member.path)}`
        await attempt(memberBelow, async () => {
          if (member.kind === 'file') return await filler.file(member, memberBelow)
          await filler.collection(member.path, memberBelow)
          folders.push({ path: member.path, below: memberBelow })
        })
      }
    }
  } catch (error) {
    if (below !== '' && filler.stuck() === null) await filler.takeOut(below, { bytes, entries: entries - 1 })
    throw error
  }
  return folders
}

interface Filled {
  readonly staged: StagedCopy
  readonly reservation: Reservation
  readonly filler: Filler
  readonly failures: readonly MemberFailure[]
}

function commitCopy(
  deps: Deps,
  copy: Copy,
  { staged, reservation, filler, failures }: Filled,
): Promise<TransferOutcome> {
  return whenSettled(deps, [copy.to], async (tx) => {
    const { target } = await checkTransfer(deps, copy, () => [])
    // Meanwhile a folder that takes no such files may have taken the place of what is around it.
    const maxFileBytes = await largestFileBytes(deps, copy.to)
    requireFileSize(filler.largestBytes(), maxFileBytes, { path: copy.from, refusal: 'copy-too-large' })
    if (target !== null) requireAllHadRoom(failures)
    const replaces = contentOf(await chargeOf(deps, copy.to, target))
    await publish(deps, tx, {
      kind: 'copy',
      reservation,
      staged,
      intent: { ...filler.totals(), replaces, contentType: null },
    })
    return { created: target === null, failures }
  })
}

/** A copy that lacks members for want of room may stand where nothing was, and never in place of what was whole. */
function requireAllHadRoom(failures: readonly MemberFailure[]): void {
  const noRoom = failures.find(({ error }) => isNoRoom(error))
  if (noRoom !== undefined) throw noRoom.error
}

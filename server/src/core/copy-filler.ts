import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { requireFileSize } from './file-size.ts'
import type { ResourcePath } from './path.ts'
import { whenSettled } from './postponed.ts'
import { NOTHING, type Resource, type Totals } from './resource.ts'
import { type Reservation, requireRoomStill } from './space.ts'
import type { StagedCopy } from './store.ts'

/** What a copy is made into, and what bounds it. */
export interface Container {
  readonly staged: StagedCopy
  readonly reservation: Reservation
  /** Of all properties that come along. */
  readonly propertyBytes: number
  /** The largest file that is taken; null for no bound. */
  readonly maxFileBytes: number | null
}

/** Fills a copy that nobody can see yet, and knows what is in it. */
export interface Filler {
  /** Copies one file. `below` is its path under the root of the copy, '' for the root itself. */
  file(from: Resource, below: string): Promise<void>
  collection(from: ResourcePath, below: string): Promise<void>
  /** Takes out a member with everything below it, which brings the sums back to what they were before it. */
  takeOut(below: string, before: Totals): Promise<void>
  /** Records by how much what the collection at `below` holds itself has changed. */
  record(below: string, change: Totals): Promise<void>
  totals(): Totals
  /** Of the largest file that was copied. */
  largestBytes(): number
  /** What kept a member from being taken out: then the copy as a whole has failed. */
  stuck(): unknown
}

export function fillerOf(
  deps: Deps,
  { staged, reservation, propertyBytes, maxFileBytes }: Container,
): Filler {
  let totals = NOTHING
  let largestBytes = 0
  let stuck: unknown = null
  const takeOut = async (below: string, before: Totals): Promise<void> => {
    // What goes must not count as written any more before its room is free.
    reservation.wrote(before)
    try {
      await staged.leaveOut(below)
      await deps.state.properties.unstage(reservation.id, below)
      totals = before
    } catch (error) {
      stuck = error
      throw error
    }
  }
  const orTakeOut = async (below: string, work: () => Promise<number>): Promise<void> => {
    const before = totals
    try {
      totals = { bytes: before.bytes + (await work()), entries: before.entries + 1 }
    } catch (error) {
      await takeOut(below, before)
      throw error
    }
  }
  const makeRoomFor = async (from: Resource): Promise<void> => {
    requireFileSize(from.bytes, maxFileBytes, { path: from.path, refusal: 'copy-too-large' })
    // The source may have grown since it was measured.
    await reservation.cover(totals.bytes + from.bytes + propertyBytes)
    requireRoomStill(deps, from.path, from.bytes)
  }
  const copyContent = (from: Resource, below: string): Promise<number | null> =>
    staged.copyFile(from.path, below, from.bytes).catch(asCopy)
  const stageProperties = (from: ResourcePath, below: string): Promise<void> =>
    deps.state.properties.stage(reservation.id, from, below)
  /** @returns what has taken the place of the file meanwhile, so that its properties are those of something else */
  const copyOnce = async (from: Resource, below: string): Promise<Resource | null> => {
    await makeRoomFor(from)
    let replacement: Resource | null = null
    await orTakeOut(below, async () => {
      const bytes = await copyContent(from, below)
      await whenSettled(deps, [from.path], async () => {
        const now = await deps.store.stat(from.path)
        if (now?.kind === 'file' && (bytes === null || now.etag !== from.etag)) replacement = now
        else if (bytes === null) throw gone(from.path)
        else await stageProperties(from.path, below)
      })
      return bytes ?? 0
    })
    return replacement
  }
  /** Nobody but another program can replace it while it is copied. */
  const copyHeld = (path: ResourcePath, below: string): Promise<void> =>
    whenSettled(deps, [path], async () => {
      const from = await deps.store.stat(path)
      if (from?.kind !== 'file') throw gone(path)
      await makeRoomFor(from)
      await orTakeOut(below, async () => {
        const bytes = await copyContent(from, below)
        if (bytes === null) throw new DavError('io-error', 'it grows faster than it can be copied', { path })
        await stageProperties(path, below)
        return bytes
      })
    })
  return {
    async file(from, below) {
      const before = totals
      const work = async (): Promise<void> => {
        let source: Resource | null = from
        for (let tries = 0; source !== null && tries < FREE_TRIES; tries += 1) {
          if (tries > 0) await takeOut(below, before)
          source = await copyOnce(source, below)
        }
        if (source === null) return
        await takeOut(below, before)
        await copyHeld(from.path, below)
      }
      await reservation.during(() => staged.copiedBytes(below), work)
      largestBytes = Math.max(largestBytes, totals.bytes - before.bytes)
      reservation.wrote(totals)
    },
    async collection(from, below) {
      if (below !== '') requireRoomStill(deps, from, 0)
      await orTakeOut(below, async () => {
        if (below !== '') await staged.makeCollection(below)
        await whenSettled(deps, [from], () => stageProperties(from, below))
        return 0
      })
      reservation.wrote(totals)
    },
    takeOut,
    record: (below, change) => deps.state.ledger.stageFolder(reservation.id, below, change),
    totals: () => totals,
    largestBytes: () => largestBytes,
    stuck: () => stuck,
  }
}

// What is replaced again and again is held still at last: its writers wait for as long as it is copied.
const FREE_TRIES = 2

function gone(path: ResourcePath): DavError {
  return new DavError('not-found', 'it is not there any more', { path })
}

/** No content came with the request, so that what the file system calls too large is no matter of its size. */
function asCopy(error: unknown): never {
  if (!(error instanceof DavError) || error.code !== 'file-too-large') throw error
  throw new DavError('copy-too-large', error.message, error.details)
}

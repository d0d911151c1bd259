import type { Deps } from './deps.ts'
import { currentDiskRoom, diskRoom, OVERHEAD_BYTES } from './disk-room.ts'
import { DavError, type Shortage, type ShortageCause } from './errors.ts'
import type { Charge, ClaimKind, ClaimRequest, Intent, Refusal, Space } from './ledger.ts'
import type { ResourcePath } from './path.ts'
import { releaseOrPostpone, releasePostponed } from './release.ts'
import { NOTHING, type Totals } from './resource.ts'
import { askingForSpare, elasticClaim, refusalIn } from './spare.ts'
import type { PropertyRefusal } from './state.ts'
import type { Tx } from './tx.ts'

export interface Want {
  readonly id: string
  readonly kind: ClaimKind
  readonly path: ResourcePath
  /** Declared or hinted size of the content, with its properties; 0 when the client said nothing. */
  readonly bytes: number
  /** Names that appear, those that replace others included. */
  readonly entries: number
  readonly propertyBytes?: number
  readonly replaces: Charge
  /** Of a copied tree: the files and folders that are written, each of which takes more than its bytes. */
  readonly writtenEntries?: number
  /** Of a move; see the ledger. */
  readonly sourcePath?: ResourcePath
}

/** Room that is claimed but not yet used. Settle or release must follow; release after settle does nothing. */
export interface Reservation {
  readonly id: string
  readonly path: ResourcePath
  /**
   * Sees to it that the content may have `totalBytes`, before it has. If it must ask for more, it asks for some ahead,
   * which others can have as long as they are not needed. @throws 'quota-exceeded' | 'disk-full'
   */
  cover(totalBytes: number): Promise<void>
  /** Says how much of the content and how many of the names are on the disk by now. */
  wrote(written: Totals): void
  /** Says how to ask how much of the next part is there, until the work on it ends. */
  during<T>(copyingBytes: () => number, work: () => Promise<T>): Promise<T>
  /** Fixes and journals what the commit will amount to. @throws 'quota-exceeded' if that no longer fits */
  intend(tx: Tx, intent: Intent): Promise<void>
  settle(tx: Tx): Promise<void>
  release(): Promise<void>
  /** Leaves the claim as it is to recovery; release does nothing any more. */
  leave(): void
}

/**
 * Claims room in every space that contains the path, and on the disk, before any byte is read.
 *
 * Afterwards `used + reserved <= limit` still holds in each of them, also when many claim at once. The quota is
 * charged with the difference to what is replaced, the disk with the whole: the old bytes stay until the commit.
 * @throws DavError 'quota-exceeded' | 'disk-full'
 * @see RFC 4331 §6
 */
export async function reserve(deps: Deps, want: Want): Promise<Reservation> {
  await releasePostponed(deps)
  const ask = () => deps.state.ledger.claim(claimOf(deps, want, want.bytes))
  const answer = await askingForSpare(deps, ask, refusalIn)
  if ('refusedBy' in answer) throw noRoom(answer, want.path)
  return reservation(deps, want, answer.grantedBytes)
}

/**
 * Asks what `reserve` would say at this moment, and claims nothing. The next moment may be another.
 * @returns the most bytes that the content could have
 * @throws DavError 'quota-exceeded' | 'disk-full'
 */
export async function requireRoom(deps: Deps, want: Want): Promise<number> {
  const ask = () => deps.state.ledger.wouldGrant(claimOf(deps, want, Number.MAX_SAFE_INTEGER))
  const answer = await askingForSpare(deps, ask, refusalIn)
  if ('refusedBy' in answer) throw noRoom(answer, want.path)
  return answer.grantedBytes
}

function claimOf(deps: Deps, want: Want, upTo: number): ClaimRequest {
  return {
    ...want,
    propertyBytes: want.propertyBytes ?? 0,
    bytes: { atLeast: want.bytes, upTo },
    overheadBytes: want.kind === 'move' ? 0 : OVERHEAD_BYTES * (want.writtenEntries ?? 1),
    leaseUntilMs: leaseUntilMs(deps),
    diskRoom: diskRoom(deps),
  }
}

/**
 * For one more member of a tree whose room was claimed as a whole: another program may have taken it since, and what
 * is kept free stays free (STOR-14).
 * @throws DavError 'disk-full'
 */
export function requireRoomStill(deps: Deps, path: ResourcePath, bytes: number): void {
  const room = diskRoom(deps)(NOTHING)
  const needed = bytes + OVERHEAD_BYTES
  if (needed > room.bytes) {
    throw noRoom({ refusedBy: 'disk', unit: 'bytes', needed, available: room.bytes, inFlight: 0 }, path)
  }
  if (room.entries >= 1) return
  throw noRoom({ refusedBy: 'disk', unit: 'entries', needed: 1, available: room.entries, inFlight: 0 }, path)
}

/**
 * For the few bytes of a row that no space is charged with, a lock: they may come out of what is kept free, so that
 * one can lock, and change in place, on a full disk; but not out of its last half, without which nothing could be
 * deleted any more.
 * @throws DavError 'disk-full'
 */
export async function requireRoomForRow(deps: Deps, path: ResourcePath): Promise<void> {
  const { keepFreeBytes, keepFreeStateBytes } = deps.limits
  const state = deps.state.freeSpace()
  const available =
    state === null
      ? (await currentDiskRoom(deps)).bytes + Math.floor(keepFreeBytes / 2)
      : state.freeBytes - Math.floor(keepFreeStateBytes / 2)
  if (available >= OVERHEAD_BYTES) return
  throw noRoom({ refusedBy: 'disk', unit: 'bytes', needed: OVERHEAD_BYTES, available, inFlight: 0 }, path)
}

export function leaseUntilMs(deps: Deps): number {
  return deps.nowMs() + deps.limits.leaseSeconds * 1000
}

function reservation(deps: Deps, want: Want, claimedBytes: number): Reservation {
  const { ledger } = deps.state
  const claim = elasticClaim(deps, want.id, claimedBytes)
  let ended = false
  const running = deps.running.get(want.id)
  return {
    id: want.id,
    path: want.path,
    async cover(totalBytes) {
      const refusal = await claim.cover(totalBytes)
      if (refusal !== null) throw noRoom(refusal, want.path)
    },
    wrote({ bytes, entries }) {
      // A source that grows while it is copied has more names than were claimed: those of others are not its own.
      if (running !== undefined) running.written = { bytes, entries: Math.min(entries, want.entries) }
    },
    async during(copyingBytes, work) {
      if (running === undefined) return await work()
      running.copyingBytes = copyingBytes
      try {
        return await work()
      } finally {
        delete running.copyingBytes
      }
    },
    async intend(tx, intent) {
      await claim.fix()
      // What it was to replace may have gone, and the room that left may be claimed ahead by another upload.
      const ask = () => ledger.intend(tx, want.id, intent)
      const refusal = await askingForSpare(deps, ask, (answer) => answer)
      if (refusal !== null) throw noRoom(refusal, want.path)
    },
    // The entry goes first: for a moment the written bytes count twice, never not at all.
    async settle(tx) {
      ended = true
      deps.running.delete(want.id)
      await settleOrPostpone(deps, tx, want.id)
    },
    async release() {
      deps.running.delete(want.id)
      if (!ended) await releaseOrPostpone(deps, want.id)
    },
    leave() {
      ended = true
      deps.running.delete(want.id)
    },
  }
}

/**
 * Ends a claim whose bytes are in place. If the state has no room even for that, the claim stays as it is: it
 * holds at least what the settled bytes would, and who comes next to its path, or recovery, settles it.
 * @returns why it is postponed
 */
export async function settleOrPostpone(deps: Deps, tx: Tx, id: string): Promise<DavError | null> {
  try {
    await deps.state.ledger.settle(tx, id)
    deps.unsettled.delete(id)
    return null
  } catch (error) {
    if (!(error instanceof DavError)) throw error
    deps.unsettled.add(id)
    deps.log.error('a settlement is postponed: the state cannot be written', {
      claim: id,
      reason: error.message,
    })
    return error
  }
}

/** The only place where a limit of ours becomes a refusal. */
function noRoom(refusal: Refusal, path: ResourcePath): DavError {
  const shortage: Shortage = {
    cause: causeOf(refusal),
    needed: refusal.needed,
    available: Math.max(0, refusal.available),
    inFlight: refusal.inFlight,
    ...(refusal.refusedBy === 'disk' ? {} : spaceNumbers(refusal.refusedBy, refusal.unit)),
  }
  const code = refusal.refusedBy === 'disk' ? 'disk-full' : 'quota-exceeded'
  return new DavError(code, `${shortage.needed} ${refusal.unit} are needed, ${shortage.available} are left`, {
    path,
    shortage,
  })
}

/** The property store or its budget is used up: cause E of the status table. */
export function noRoomForProperty(refusal: PropertyRefusal['refusal'], path: ResourcePath): DavError {
  if (refusal.refusedBy !== 'resource') {
    const { code, message, details } = noRoom(refusal, path)
    const shortage =
      details.shortage === undefined ? {} : { shortage: { ...details.shortage, cause: PROPERTIES } }
    return new DavError(code, message, { ...details, ...shortage })
  }
  const { needed, available } = refusal
  return new DavError('quota-exceeded', `the properties of one resource may have ${available} bytes`, {
    path,
    shortage: { cause: PROPERTIES, needed, available, limit: available },
  })
}

const PROPERTIES = 'properties' as const

/** The lock store is full: cause H of the status table. */
export function noRoomForLock(
  path: ResourcePath,
  bound: 'creator' | 'resource' | 'server',
  limit: number,
): DavError {
  const code = bound === 'server' ? 'disk-full' : 'quota-exceeded'
  return new DavError(code, `${limit} locks are held already`, {
    path,
    shortage: { cause: 'locks', needed: 1, available: 0, limit },
  })
}

function causeOf({ refusedBy, unit }: Refusal): ShortageCause {
  if (unit === 'properties') return PROPERTIES
  if (refusedBy === 'disk') return unit === 'bytes' ? 'disk-bytes' : 'inodes'
  if (unit === 'entries') return 'entries'
  return refusedBy.kind === 'user' ? 'user-quota' : 'collection-quota'
}

function spaceNumbers(space: Space, unit: Refusal['unit']): Partial<Shortage> {
  const [limit, used] = {
    bytes: [space.enforcedBytes, space.usedBytes] as const,
    entries: [space.limitEntries, space.usedEntries] as const,
    properties: [space.limitPropertyBytes, space.usedPropertyBytes] as const,
  }[unit]
  return { root: space.path, used, ...(limit === null ? {} : { limit }) }
}

import type { ResourcePath } from '../../core/path.ts'
import type { ClaimKind, Grant, GrowRequest, Intent, Refusal, Space } from '../../core/state.ts'

/** A claim as it stands in its row. */
export interface Claim {
  readonly id: string
  readonly kind: ClaimKind
  readonly path: ResourcePath
  readonly bytes: number
  readonly replacesBytes: number
  readonly entries: number
  readonly overheadBytes: number
  readonly identity: string | null
  readonly contentType: string | null
  readonly leaseUntilMs: number
}

/** A claim that may not be in its table yet: then its `bytes` are null. */
type Candidate = Omit<Claim, 'bytes'> & { readonly bytes: number | null }

/** What a claim holds of every enclosing quota: the growth, not the whole. */
export function quotaBytes(claim: Pick<Claim, 'bytes' | 'replacesBytes'>): number {
  return Math.max(0, claim.bytes - claim.replacesBytes)
}

/**
 * The arithmetic of a claim, the same on every database: how many bytes it can have in all, or what forbids
 * even the least. Checked in the order of STOR-11: user quota, inner to outer collection quota, disk, inodes.
 * @param spaces the enclosing ones, innermost first, read in the transaction that will write the outcome
 */
export function roomFor(
  claim: Candidate,
  spaces: readonly Space[],
  request: GrowRequest,
  claimedDiskBytes: number,
): Grant | Refusal {
  const { atLeast } = request.bytes
  const isNew = claim.bytes === null
  const own = quotaBytes({ bytes: claim.bytes ?? 0, replacesBytes: claim.replacesBytes })
  const needed = quotaBytes({ bytes: atLeast, replacesBytes: claim.replacesBytes })
  let { upTo } = request.bytes
  for (const space of inOrderOfBlame(spaces)) {
    const refusal = isNew ? spaceRefusal(space, needed, claim.entries) : bytesRefusal(space, needed, own)
    if (refusal !== null) return refusal
    upTo = Math.min(upTo, Math.max(0, restBytes(space) + own) + claim.replacesBytes)
  }
  return diskRefusal(claim, request, claimedDiskBytes, upTo)
}

/** Whether a claim can become what it turned out to be; what it holds already it may use up. */
export function roomForIntent(claim: Claim, spaces: readonly Space[], intent: Intent): Refusal | null {
  const own = quotaBytes(claim)
  const needed = quotaBytes(intent)
  const moreEntries = Math.max(0, intent.entries) - Math.max(0, claim.entries)
  for (const space of inOrderOfBlame(spaces)) {
    const refusal =
      (needed > own ? bytesRefusal(space, needed, own) : null) ?? entriesRefusal(space, moreEntries)
    if (refusal !== null) return refusal
  }
  return null
}

function inOrderOfBlame(spaces: readonly Space[]): readonly Space[] {
  return [...spaces.filter(({ kind }) => kind === 'user'), ...spaces.filter(({ kind }) => kind !== 'user')]
}

function spaceRefusal(space: Space, neededBytes: number, entries: number): Refusal | null {
  return bytesRefusal(space, neededBytes, 0) ?? entriesRefusal(space, entries)
}

// What needs nothing is never refused: shrinking and replacing work above the limit too.
function bytesRefusal(space: Space, needed: number, own: number): Refusal | null {
  const available = restBytes(space) + own
  if (needed <= own || needed <= available) return null
  return { refusedBy: space, unit: 'bytes', needed, available, inFlight: space.reservedBytes - own }
}

function entriesRefusal(space: Space, needed: number): Refusal | null {
  if (space.limitEntries === null || needed <= 0) return null
  const available = space.limitEntries - space.usedEntries - space.reservedEntries
  if (needed <= available) return null
  return { refusedBy: space, unit: 'entries', needed, available, inFlight: space.reservedEntries }
}

function restBytes(space: Space): number {
  return space.limitBytes === null
    ? Number.MAX_SAFE_INTEGER
    : space.limitBytes - space.usedBytes - space.reservedBytes
}

function diskRefusal(
  claim: Candidate,
  request: GrowRequest,
  claimedDiskBytes: number,
  upTo: number,
): Grant | Refusal {
  const { atLeast } = request.bytes
  const room = request.diskRoom(claimedDiskBytes)
  const availableBytes = (claim.bytes ?? -claim.overheadBytes) + room.bytes
  const inFlight = claimedDiskBytes - (claim.bytes === null ? 0 : claim.bytes + claim.overheadBytes)
  if (atLeast > availableBytes && atLeast > (claim.bytes ?? -1)) {
    return { refusedBy: 'disk', unit: 'bytes', needed: atLeast, available: availableBytes, inFlight }
  }
  // One more name even for an overwrite: the staged copy stands beside the file it will replace.
  if (claim.bytes === null && room.entries < 1) {
    return { refusedBy: 'disk', unit: 'entries', needed: 1, available: room.entries, inFlight: 0 }
  }
  return { grantedBytes: Math.max(atLeast, Math.min(upTo, availableBytes)) }
}

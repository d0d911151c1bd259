import type { ResourcePath } from '../../core/path.ts'
import type { ClaimKind, Grant, GrowRequest, Refusal, Space } from '../../core/state.ts'

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
  readonly sourcePath: ResourcePath | null
  readonly movedEntries: number
}

/** A claim that may not be in its table yet: then its `bytes` are null. */
type Candidate = Omit<Claim, 'bytes'> & { readonly bytes: number | null }

/** What a claim holds of every quota it is charged to: the growth, not the whole. */
export function quotaBytes(claim: Pick<Claim, 'bytes' | 'replacesBytes'>): number {
  return Math.max(0, claim.bytes - claim.replacesBytes)
}

/** The same for names. */
export function quotaEntries(claim: Pick<Claim, 'entries' | 'movedEntries'>): number {
  return Math.max(0, claim.entries + claim.movedEntries)
}

/**
 * The arithmetic of a claim, the same on every database: how many bytes it can have in all, or what forbids
 * even the least. Checked in the order of STOR-11: user quota, inner to outer collection quota, disk, inodes.
 * @param spaces those the claim is charged to, innermost first, read in the transaction that writes the outcome
 */
export function roomFor(
  claim: Candidate,
  spaces: readonly Space[],
  request: GrowRequest,
  claimedDiskBytes: number,
): Grant | Refusal {
  const { atLeast } = request.bytes
  const own = quotaBytes({ bytes: claim.bytes ?? 0, replacesBytes: claim.replacesBytes })
  const needed = quotaBytes({ bytes: atLeast, replacesBytes: claim.replacesBytes })
  const neededEntries = claim.bytes === null ? quotaEntries(claim) : 0
  let { upTo } = request.bytes
  for (const space of inOrderOfBlame(spaces)) {
    const refusal = bytesRefusal(space, needed, own) ?? entriesRefusal(space, neededEntries)
    if (refusal !== null) return refusal
    upTo = Math.min(upTo, Math.max(0, restBytes(space) + own) + claim.replacesBytes)
  }
  return claim.kind === 'move'
    ? { grantedBytes: atLeast }
    : diskRefusal(claim, request, claimedDiskBytes, upTo)
}

/** Whether a claim can become what it turned out to be; what it holds already it may use up. */
export function roomForIntent(claim: Claim, spaces: readonly Space[], intended: Claim): Refusal | null {
  const own = quotaBytes(claim)
  const needed = quotaBytes(intended)
  const moreEntries = quotaEntries(intended) - quotaEntries(claim)
  for (const space of inOrderOfBlame(spaces)) {
    const refusal = bytesRefusal(space, needed, own) ?? entriesRefusal(space, moreEntries)
    if (refusal !== null) return refusal
  }
  return null
}

/** Whether properties may grow by so much: they have no claim, because they are written in one step. */
export function roomForProperties(
  spaces: readonly Space[],
  bytes: number,
  disk: { readonly roomBytes: number; readonly claimedBytes: number },
): Refusal | null {
  for (const space of inOrderOfBlame(spaces)) {
    const refusal = bytesRefusal(space, bytes, 0)
    if (refusal !== null) return refusal
  }
  if (bytes <= Math.max(0, disk.roomBytes)) return null
  return {
    refusedBy: 'disk',
    unit: 'bytes',
    needed: bytes,
    available: disk.roomBytes,
    inFlight: disk.claimedBytes,
  }
}

function inOrderOfBlame(spaces: readonly Space[]): readonly Space[] {
  return [...spaces.filter(({ kind }) => kind === 'user'), ...spaces.filter(({ kind }) => kind !== 'user')]
}

// What needs nothing more is never refused: shrinking and replacing work above the limit too.
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
  // At least one name even for an overwrite: the staged copy stands beside the file it will replace.
  const names = Math.max(1, claim.entries)
  if (claim.bytes === null && room.entries < names) {
    return { refusedBy: 'disk', unit: 'entries', needed: names, available: room.entries, inFlight: 0 }
  }
  return { grantedBytes: Math.max(atLeast, Math.min(upTo, availableBytes)) }
}

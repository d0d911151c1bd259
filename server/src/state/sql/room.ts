import type { Charge, ClaimKind, Grant, GrowRequest, Refusal, Space } from '../../core/ledger.ts'
import type { ResourcePath } from '../../core/path.ts'
import { mostForOne } from '../../core/pressure.ts'
import type { Totals } from '../../core/resource.ts'

/** A space as it stands in its row. Its number stays the same when its folder moves. */
export interface SpaceRow extends Space {
  readonly id: number
}

/** A claim as it stands in its row. */
export interface Claim {
  readonly id: string
  readonly kind: ClaimKind
  readonly path: ResourcePath
  readonly sourcePath: ResourcePath | null
  readonly bytes: number
  readonly entries: number
  readonly propertyBytes: number
  readonly replacesBytes: number
  readonly replacesEntries: number
  readonly replacesPropertyBytes: number
  readonly overheadBytes: number
  readonly identity: string | null
  readonly contentType: string | null
  readonly leaseUntilMs: number
  /** The spaces in which it holds room. */
  readonly spaceIds: readonly number[]
  /** Of these the one at its very path; it is charged for what is in the resource, not for the resource. */
  readonly ownSpaceId: number | null
}

/** A claim that may not be in its table yet: then its `bytes` are null. */
type Candidate = Omit<Claim, 'bytes'> & { readonly bytes: number | null }

type Amounts = Pick<
  Claim,
  | 'bytes'
  | 'entries'
  | 'propertyBytes'
  | 'replacesBytes'
  | 'replacesEntries'
  | 'replacesPropertyBytes'
  | 'ownSpaceId'
>

/** What a claim holds of the quota of one space it is charged to: the growth, not the whole. */
export function quotaIn(spaceId: number, claim: Amounts): Charge {
  const [arriving, replaced] = [arrivingIn(spaceId, claim), replacedIn(spaceId, claim)]
  return {
    bytes: Math.max(0, arriving.bytes - replaced.bytes),
    entries: Math.max(0, arriving.entries - replaced.entries),
    propertyBytes: Math.max(0, arriving.propertyBytes - replaced.propertyBytes),
  }
}

function arrivingIn(spaceId: number, claim: Amounts): Charge {
  const { bytes, entries, propertyBytes } = claim
  return spaceId === claim.ownSpaceId
    ? inside({ bytes, entries, propertyBytes })
    : { bytes, entries, propertyBytes }
}

function replacedIn(spaceId: number, claim: Amounts): Charge {
  const whole = {
    bytes: claim.replacesBytes,
    entries: claim.replacesEntries,
    propertyBytes: claim.replacesPropertyBytes,
  }
  return spaceId === claim.ownSpaceId ? inside(whole) : whole
}

/** Without the name, and without the content if it is a file: both are charged outside, only the properties are not. */
function inside({ bytes, entries, propertyBytes }: Charge): Charge {
  return { bytes: entries > 1 ? bytes : propertyBytes, entries: Math.max(0, entries - 1), propertyBytes }
}

/** What binds now: a soft limit does once its grace has ended. */
export function enforcedBytes(
  space: Pick<Space, 'limitBytes' | 'softLimitBytes' | 'graceSeconds' | 'overSinceMs'>,
  nowMs: number,
): number | null {
  const { limitBytes, softLimitBytes, graceSeconds, overSinceMs } = space
  const inGrace = overSinceMs === null || nowMs < overSinceMs + graceSeconds * 1000
  if (softLimitBytes === null || inGrace) return limitBytes
  return Math.min(softLimitBytes, limitBytes ?? softLimitBytes)
}

/**
 * The arithmetic of a claim, the same on every database: how many bytes it can have in all, or what forbids
 * even the least. Checked in the order of STOR-11: user quota, inner to outer collection quota, disk, inodes.
 * @param spaces those the claim is charged to, innermost first, read in the transaction that writes the outcome
 */
export function roomFor(
  claim: Candidate,
  spaces: readonly SpaceRow[],
  request: GrowRequest,
  claimedOnDisk: Totals,
): Grant | Refusal {
  const { atLeast } = request.bytes
  const needed = { ...claim, bytes: atLeast }
  const { bytes } = claim
  const ownOf = ({ id }: SpaceRow) => (bytes === null ? NOTHING : quotaIn(id, { ...claim, bytes }))
  const refusal = refusalIn(spaces, needed, ownOf)
  if (refusal !== null) return refusal
  const rests = spaces
    .filter(({ id }) => growsWith(id, needed))
    .map((space) => Math.max(0, restBytes(space) + ownOf(space).bytes) + replacedIn(space.id, needed).bytes)
  const upTo = Math.min(request.bytes.upTo, ...rests)
  return claim.kind === 'move' ? { grantedBytes: atLeast } : diskRefusal(claim, request, claimedOnDisk, upTo)
}

/** Whether a claim can become what it turned out to be; what it holds already it may use up. */
export function roomForIntent(claim: Claim, spaces: readonly SpaceRow[], intended: Claim): Refusal | null {
  return refusalIn(spaces, intended, ({ id }) => (claim.spaceIds.includes(id) ? quotaIn(id, claim) : NOTHING))
}

/** Whether properties may grow by so much: they have no claim, because they are written in one step. */
export function roomForProperties(
  spaces: readonly SpaceRow[],
  bytes: number,
  disk: { readonly roomBytes: number; readonly claimedBytes: number },
): Refusal | null {
  const refusal = refusalIn(spaces, { ...NO_AMOUNTS, bytes, propertyBytes: bytes }, () => NOTHING)
  if (refusal !== null || bytes <= Math.max(0, disk.roomBytes)) return refusal
  return {
    refusedBy: 'disk',
    unit: 'bytes',
    needed: bytes,
    available: disk.roomBytes,
    inFlight: disk.claimedBytes,
  }
}

const NOTHING: Charge = { bytes: 0, entries: 0, propertyBytes: 0 }

const NO_AMOUNTS: Amounts = {
  ...NOTHING,
  replacesBytes: 0,
  replacesEntries: 0,
  replacesPropertyBytes: 0,
  ownSpaceId: null,
}

/** Whether the bytes of the content are charged to a space: those of a file at its very path are not. */
function growsWith(spaceId: number, { ownSpaceId, entries }: Amounts): boolean {
  return spaceId !== ownSpaceId || entries > 1
}

/** @param ownOf what the same claim holds in a space already */
function refusalIn(
  spaces: readonly SpaceRow[],
  claim: Amounts,
  ownOf: (space: SpaceRow) => Charge,
): Refusal | null {
  for (const space of inOrderOfBlame(spaces)) {
    const own = ownOf(space)
    const needed = quotaIn(space.id, claim)
    for (const bound of boundsOf(space)) {
      const refusal = refusalBy(space, bound, { needed: needed[bound.of], own: own[bound.of] })
      if (refusal !== null) return refusal
    }
  }
  return null
}

function inOrderOfBlame(spaces: readonly SpaceRow[]): readonly SpaceRow[] {
  return [...spaces.filter(({ kind }) => kind === 'user'), ...spaces.filter(({ kind }) => kind !== 'user')]
}

interface Bound {
  readonly of: keyof Charge
  readonly unit: Refusal['unit']
  readonly limit: number | null
  readonly used: number
  readonly reserved: number
}

function boundsOf(space: SpaceRow): readonly Bound[] {
  return [
    {
      of: 'bytes',
      unit: 'bytes',
      limit: space.enforcedBytes,
      used: space.usedBytes,
      reserved: space.reservedBytes,
    },
    {
      of: 'entries',
      unit: 'entries',
      limit: space.limitEntries,
      used: space.usedEntries,
      reserved: space.reservedEntries,
    },
    {
      of: 'propertyBytes',
      unit: 'properties',
      limit: space.limitPropertyBytes,
      used: space.usedPropertyBytes,
      reserved: space.reservedPropertyBytes,
    },
  ]
}

// What needs nothing more is never refused: shrinking and replacing work above the limit too.
function refusalBy(
  space: SpaceRow,
  { unit, limit, used, reserved }: Bound,
  { needed, own }: { readonly needed: number; readonly own: number },
): Refusal | null {
  if (limit === null || needed <= own) return null
  const available = limit - used - reserved + own
  if (needed <= available) return null
  return { refusedBy: space, unit, needed, available, inFlight: reserved - own }
}

function restBytes(space: SpaceRow): number {
  return space.enforcedBytes === null
    ? Number.MAX_SAFE_INTEGER
    : space.enforcedBytes - space.usedBytes - space.reservedBytes
}

function diskRefusal(
  claim: Candidate,
  request: GrowRequest,
  claimedOnDisk: Totals,
  upTo: number,
): Grant | Refusal {
  const { atLeast } = request.bytes
  const room = request.diskRoom(claimedOnDisk)
  const ownBytes = claim.bytes ?? -claim.overheadBytes
  const availableBytes = mostForOne({ ...room, bytes: ownBytes + room.bytes })
  const inFlight = claimedOnDisk.bytes - (claim.bytes === null ? 0 : claim.bytes + claim.overheadBytes)
  if (atLeast > availableBytes && atLeast > (claim.bytes ?? -1)) {
    // What has no bytes, a collection, needs its overhead all the same.
    const needed = atLeast === 0 ? claim.overheadBytes : atLeast
    return { refusedBy: 'disk', unit: 'bytes', needed, available: availableBytes, inFlight }
  }
  // Those of an overwrite too: what is staged stands beside what it will replace.
  const names = Math.max(1, claim.entries)
  if (claim.bytes === null && room.entries < names) {
    const inFlight = claimedOnDisk.entries
    return { refusedBy: 'disk', unit: 'entries', needed: names, available: room.entries, inFlight }
  }
  return { grantedBytes: Math.max(atLeast, Math.min(upTo, availableBytes)) }
}

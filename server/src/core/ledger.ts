import type { ResourcePath } from './path.ts'
import type { Totals } from './resource.ts'
import type { Tx } from './tx.ts'

/** What a collection may hold. `null` is no limit. */
export interface SpaceLimits {
  /** Bytes of files and stored properties together. */
  readonly limitBytes: number | null
  /** Files and collections below it. */
  readonly limitEntries: number | null
  /** The largest single file. */
  readonly limitFileBytes: number | null
  /** The part of `limitBytes` that stored properties may take. */
  readonly limitPropertyBytes: number | null
  /** May be passed for `graceSeconds`; after that it binds like `limitBytes`. */
  readonly softLimitBytes: number | null
  readonly graceSeconds: number
}

export const NO_LIMITS: SpaceLimits = {
  limitBytes: null,
  limitEntries: null,
  limitFileBytes: null,
  limitPropertyBytes: null,
  softLimitBytes: null,
  graceSeconds: 0,
}

/**
 * A quota root (RFC 4331 §2): a collection with limits of its own. Every resource below it is charged to it; its own
 * name is charged outside. At all times `used + reserved <= limit` unless the limit was lowered below.
 */
export interface Space extends SpaceLimits {
  readonly path: ResourcePath
  readonly kind: SpaceKind
  /** Whether the configuration made it: then it belongs to its path; else it follows its folder and ends with it. */
  readonly isConfigured: boolean
  /** Files and properties. */
  readonly usedBytes: number
  readonly usedEntries: number
  readonly usedPropertyBytes: number
  readonly reservedBytes: number
  readonly reservedEntries: number
  readonly reservedPropertyBytes: number
  /** Since when the soft limit is passed; null while it is not. */
  readonly overSinceMs: number | null
  /** What binds now: `limitBytes`, or the soft limit once its grace has ended. */
  readonly enforcedBytes: number | null
}

export type SpaceKind = 'collection' | 'user'

export interface SpaceSetting {
  readonly path: ResourcePath
  readonly kind: SpaceKind
  readonly limits: SpaceLimits
}

/** The members of one collection as they are charged or as they were counted; those further below not included. */
export interface FolderCount {
  readonly path: ResourcePath
  readonly bytes: number
  readonly entries: number
}

/** Where a record differs from what was counted. `null` is "no such folder". */
export interface Drift {
  readonly path: ResourcePath
  readonly recorded: Totals | null
  readonly counted: Totals | null
  /** The limits set by command that have ended with it, outer ones first; left out where there were none. */
  readonly ended?: readonly Pick<Space, 'path' | keyof SpaceLimits>[]
}

/** Port: who may still store how much. */
export interface Ledger {
  /** Claims `bytes.upTo` bytes, or what is left but at least `bytes.atLeast`, in every enclosing space. */
  claim(request: ClaimRequest): Promise<Grant | Refusal>
  /** What `claim` would answer at this moment. Writes nothing. */
  wouldGrant(request: ClaimRequest): Promise<Grant | Refusal>
  /** Raises a claim to a new total between `bytes.atLeast` and `bytes.upTo`. */
  grow(id: string, request: GrowRequest): Promise<Grant | Refusal>
  /** Journals a removal. It claims no room, so no limit refuses it. @throws 'disk-full' if the row has no room */
  journalRemoval(tx: Tx, removal: Removal): Promise<void>
  /**
   * Fixes what a claim will amount to, now that the content is complete, and journals it as about to happen.
   * The properties that come and go with it are added here. Refuses when the resource it replaces has shrunk
   * since, so that the difference no longer fits.
   */
  intend(tx: Tx, id: string, intent: Intent): Promise<Refusal | null>
  /**
   * Turns an intent or a removal into used bytes and ends the claim, in one step with what becomes of
   * properties, locks and spaces: they end with what is removed or replaced, and the staged properties of a copy
   * appear; an overwrite keeps its properties and its lock, a move takes properties and spaces along and leaves
   * locks behind.
   */
  settle(tx: Tx, id: string): Promise<void>
  /** Ends a claim as if it had never been made. */
  release(id: string): Promise<void>
  renew(id: string, leaseUntilMs: number): Promise<void>
  /** Claims whose lease has ended. */
  expired(nowMs: number): Promise<readonly ClaimJournal[]>
  /** Null once the claim has ended. */
  journal(id: string): Promise<ClaimJournal | null>
  /** What all claims put on the disk: bytes with their overhead, and names, also of what replaces something. */
  claimedOnDisk(): Promise<Totals>
  /** What a tree is charged for what is in it, its own name and content not included. */
  charged(path: ResourcePath): Promise<Totals>
  /** Records by how much one collection of a staged copy has grown; `below` is its path in it, '' for its root. */
  stageFolder(claimId: string, below: string, change: Totals): Promise<void>

  /** The spaces that contain `path`, innermost first. */
  enclosing(path: ResourcePath): Promise<readonly Space[]>
  /** Of these, those that a move from `sourcePath` enters: they contain the destination, not the source, and stay. */
  entered(path: ResourcePath, sourcePath: ResourcePath): Promise<readonly Space[]>
  /** All spaces, outer ones before inner ones. */
  spaces(): Promise<readonly Space[]>
  /** Gives a collection limits, or other ones. What lies in it and what is being written there counts at once. */
  setSpace(setting: SpaceSetting): Promise<Space>
  /** @returns whether there was one. The root only loses its limits. */
  removeSpace(path: ResourcePath): Promise<boolean>
  /** The configured spaces strictly below `path`. */
  configuredBelow(path: ResourcePath): Promise<readonly Space[]>
  /** Makes the configured spaces those of the list and no others. */
  configureSpaces(settings: readonly SpaceSetting[]): Promise<void>
  /** Makes the counters of every space the sum of the records and properties in it. */
  recountSpaces(): Promise<void>

  /** Compares the record of a folder with what was counted, and changes nothing. */
  compare(counted: FolderCount): Promise<Drift | null>
  /** Makes the record what was counted, and the spaces with it. @returns what was different */
  correct(counted: FolderCount): Promise<Drift | null>
  /** Drops the records at and below a folder that is there no more, and the spaces that belonged to it. */
  forgetFolder(path: ResourcePath): Promise<Drift | null>
  /** What the records at and below a folder say; null where there is none. */
  record(path: ResourcePath): Promise<Totals | null>
  /** Every recorded folder at or below `path`, in pages. */
  folders(path: ResourcePath): AsyncIterable<readonly ResourcePath[]>
}

export type ClaimKind = 'put' | 'mkcol' | 'remove' | 'copy' | 'move'

/** What is charged to a space. `bytes` includes `propertyBytes`. */
export interface Charge extends Totals {
  readonly propertyBytes: number
}

export const NO_CHARGE: Charge = { bytes: 0, entries: 0, propertyBytes: 0 }

export interface ClaimRequest extends GrowRequest {
  readonly id: string
  readonly kind: ClaimKind
  readonly path: ResourcePath
  /** Names that appear, those that replace others included. */
  readonly entries: number
  /** The part of `bytes` that is properties. */
  readonly propertyBytes: number
  /** What the commit takes away at `path`. The quota is judged on the difference. */
  readonly replaces: Charge
  /** Of a move: where it comes from. Only spaces that contain the destination and not the source are charged. */
  readonly sourcePath?: ResourcePath
  /** Disk bytes beyond the content: rounding up to blocks, directory and inode. */
  readonly overheadBytes: number
  readonly leaseUntilMs: number
}

export interface GrowRequest {
  /** Totals of the content, not increments. */
  readonly bytes: { readonly atLeast: number; readonly upTo: number }
  /**
   * Room on the disk, given what all claims put there (this one included). Called inside the transaction.
   */
  readonly diskRoom: (claimed: Totals) => DiskRoom
}

export interface DiskRoom {
  /** Without what is kept free; negative where that has been taken too. */
  readonly bytes: number
  /** The last of these bytes, which only small files may have; see `mostForOne`. */
  readonly smallOnlyBytes: number
  readonly entries: number
}

export interface Removal {
  readonly id: string
  readonly path: ResourcePath
  readonly identity: string
  /** The content of the file itself; 0 for a collection. */
  readonly bytes: number
  readonly leaseUntilMs: number
}

export interface Intent {
  /** Content without properties. */
  readonly bytes: number
  readonly entries: number
  /** Without properties. */
  readonly replaces: Totals
  readonly identity: string
  /** The media type the client gave; null if it gave none, which also forgets an older one. */
  readonly contentType: string | null
}

export interface Grant {
  readonly grantedBytes: number
}

/** Which limit stood in the way. */
export interface Refusal {
  readonly refusedBy: Space | 'disk'
  /** 'entries' counts names; 'properties' are the bytes of stored properties. */
  readonly unit: 'bytes' | 'entries' | 'properties'
  readonly needed: number
  readonly available: number
  /** What other claims hold of the same limit. */
  readonly inFlight: number
}

/** What recovery must know of a claim. */
export interface ClaimJournal {
  readonly id: string
  readonly kind: ClaimKind
  readonly path: ResourcePath
  /** Of a move: where it came from; its records, properties and locks are there until it is settled. */
  readonly sourcePath: ResourcePath | null
  /** Set once the commit or removal was about to happen. */
  readonly identity: string | null
}

import type { ResourcePath } from './path.ts'
import type { FreeSpace, Totals } from './resource.ts'

declare const brand: unique symbol

/** A critical section in which what must happen together happens. Opaque outside the drivers. */
export interface Tx {
  readonly [brand]: 'Tx'
}

/** Port: what a folder cannot hold. */
export interface StateStore {
  readonly ledger: Ledger
  readonly properties: Properties
  readonly locks: Locks
  /**
   * Runs `work` while no other critical section touches one of `paths`, anything below it or any collection
   * above it. Short: never while a body is being received.
   */
  exclusive<T>(paths: readonly ResourcePath[], work: (tx: Tx) => Promise<T>): Promise<T>
  /** Free space where the state itself is kept; null where that is no concern of this machine. */
  freeSpace(): FreeSpace | null
  /** Keeps the reserve that lets deletes succeed on a full disk; restores it if it was given up. */
  maintain(): void
  close(): Promise<void>
}

/**
 * A quota root (RFC 4331 §2): a collection with limits of its own. Every resource belongs to all spaces whose
 * path contains it; at all times `usedBytes + reservedBytes <= limitBytes` unless the limit was lowered below.
 */
export interface Space {
  readonly path: ResourcePath
  readonly kind: 'collection' | 'user'
  readonly limitBytes: number | null
  readonly limitEntries: number | null
  readonly usedBytes: number
  readonly usedEntries: number
  readonly reservedBytes: number
  readonly reservedEntries: number
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
   * properties and locks: they end with what is removed or replaced, and the staged properties of a copy appear;
   * an overwrite keeps its properties and its lock, a move takes properties along and leaves locks behind.
   */
  settle(tx: Tx, id: string): Promise<void>
  /** Ends a claim as if it had never been made. */
  release(id: string): Promise<void>
  renew(id: string, leaseUntilMs: number): Promise<void>
  /** Claims whose lease has ended. */
  expired(nowMs: number): Promise<readonly ClaimJournal[]>
  /** Null once the claim has ended. */
  journal(id: string): Promise<ClaimJournal | null>
  /** The spaces that contain `path`, innermost first. */
  enclosing(path: ResourcePath): Promise<readonly Space[]>
  /** The sum of the disk bytes of all claims. */
  claimedDiskBytes(): Promise<number>
  /** Writes what was counted, and the properties, into the root space. @returns what stood there, without those */
  recount(counted: Totals): Promise<Totals>
  setRootLimit(limitBytes: number | null): Promise<void>
}

export type ClaimKind = 'put' | 'mkcol' | 'remove' | 'copy' | 'move'

export interface ClaimRequest extends GrowRequest {
  readonly id: string
  readonly kind: ClaimKind
  readonly path: ResourcePath
  /** Bytes of the present content that the commit gives back. The quota is judged on the difference. */
  readonly replacesBytes: number
  /** Names more than before: 1 for a new resource, 0 for an overwrite, fewer where a tree is replaced. */
  readonly entries: number
  /**
   * Of a move: where it comes from. Then `bytes` and `movedEntries` are what changes hands, charged only to the
   * spaces that contain the destination and not the source, and `entries` is what the replaced tree takes away.
   */
  readonly sourcePath?: ResourcePath
  readonly movedEntries?: number
  /** Disk bytes beyond the content: rounding up to blocks, directory and inode. */
  readonly overheadBytes: number
  readonly leaseUntilMs: number
}

export interface GrowRequest {
  /** Totals of the content, not increments. */
  readonly bytes: { readonly atLeast: number; readonly upTo: number }
  /**
   * Room on the disk, given the disk bytes of all claims (this one included). Called inside the transaction.
   */
  readonly diskRoom: (claimedDiskBytes: number) => DiskRoom
}

export interface DiskRoom {
  readonly bytes: number
  readonly entries: number
}

export interface Removal {
  readonly id: string
  readonly path: ResourcePath
  readonly identity: string
  readonly totals: Totals
  readonly leaseUntilMs: number
}

export interface Intent {
  readonly bytes: number
  readonly replacesBytes: number
  readonly entries: number
  readonly identity: string
  /** The media type the client gave; null if it gave none, which also forgets an older one. */
  readonly contentType: string | null
}

export interface Grant {
  readonly grantedBytes: number
}

/** Which limit stood in the way. Counts of names where `unit` is 'entries'. */
export interface Refusal {
  readonly refusedBy: Space | 'disk'
  readonly unit: 'bytes' | 'entries'
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
  /** Set once the commit or removal was about to happen. */
  readonly identity: string | null
}

/** A property that is stored rather than computed. */
export interface Property {
  readonly ns: string
  readonly local: string
  /** The whole property element as XML, with every namespace declaration it needs; plain text for media types. */
  readonly value: string
}

export interface PropertyChange {
  readonly ns: string
  readonly local: string
  /** What to store; null to remove. */
  readonly value: string | null
  /** What it costs; 0 for the few that cost nobody anything (fixed sizes). */
  readonly chargedBytes: number
}

/** Port: stored properties, by path. Their bytes are charged to the spaces like the bytes of files. */
export interface Properties {
  of(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, readonly Property[]>>
  /**
   * Makes all changes of one PROPPATCH, in their order, or none (RFC 4918 §9.2).
   * @returns null, or the first change that does not fit and why
   */
  patch(tx: Tx, path: ResourcePath, patch: PropertyPatch): Promise<PropertyRefusal | null>
  /** What the properties of a resource are charged, or of everything at and below it. */
  chargedBytes(path: ResourcePath, depth: '0' | 'infinity'): Promise<number>
  /** Copies the properties of one resource to where a staged copy of it waits; `below` is its path in the tree. */
  stage(claimId: string, from: ResourcePath, below: string): Promise<void>
  /** Takes back what was staged for a member of the copy and everything below it. */
  unstage(claimId: string, below: string): Promise<void>
  /** Every path that has properties, in pages: to find those whose resource has gone behind the server's back. */
  paths(): AsyncIterable<readonly ResourcePath[]>
  forget(tx: Tx, path: ResourcePath): Promise<void>
}

export interface PropertyPatch {
  readonly changes: readonly PropertyChange[]
  /** The most that the properties of one resource may be charged. */
  readonly mostBytes: number
  readonly diskRoom: (claimedDiskBytes: number) => DiskRoom
  /** Runs when the changes are made and before they are kept. If it throws, there are none. */
  readonly alongside?: () => void
}

export interface PropertyRefusal {
  readonly index: number
  /** 'resource' where it is the bound of the single resource that is reached. */
  readonly refusal:
    | Refusal
    | { readonly refusedBy: 'resource'; readonly needed: number; readonly available: number }
}

/** A write lock (RFC 4918 §6, §7). */
export interface Lock {
  /** A URI, unique for ever. */
  readonly token: string
  readonly root: ResourcePath
  readonly scope: 'exclusive' | 'shared'
  readonly depth: '0' | 'infinity'
  /** XML, as the client gave it; may be empty. */
  readonly owner: string
  /** Who made it and may use its token; null for everybody where nobody is asked for a name. */
  readonly creator: string | null
  readonly timeoutSeconds: number
  readonly expiresMs: number
}

/** Port: locks. Those that have expired are never returned. */
export interface Locks {
  /** Locks rooted at one of `paths` or at any collection above one, whatever their depth. */
  onTheWayTo(paths: readonly ResourcePath[], nowMs: number): Promise<readonly Lock[]>
  /** At most `most` locks rooted strictly below `path`. */
  below(path: ResourcePath, nowMs: number, most: number): Promise<readonly Lock[]>
  find(token: string, nowMs: number): Promise<Lock | null>
  all(nowMs: number): Promise<readonly Lock[]>
  /** @returns the bound that stood in the way, or null */
  insert(tx: Tx, lock: Lock, bounds: LockBounds): Promise<'creator' | 'server' | null>
  refresh(tx: Tx, token: string, expiresMs: number, timeoutSeconds: number): Promise<void>
  remove(tx: Tx, token: string): Promise<void>
  /** Removes the expired ones. */
  purge(nowMs: number): Promise<void>
}

export interface LockBounds {
  readonly mostPerCreator: number
  readonly most: number
  readonly nowMs: number
}

import type { ResourcePath } from './path.ts'
import type { Totals } from './resource.ts'
import type { FreeSpace } from './store.ts'

declare const brand: unique symbol

/** A critical section in which what must happen together happens. Opaque outside the drivers. */
export interface Tx {
  readonly [brand]: 'Tx'
}

/** Port: what a folder cannot hold. */
export interface StateStore {
  readonly ledger: Ledger
  readonly properties: Properties
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
  /** Raises a claim to a new total between `bytes.atLeast` and `bytes.upTo`. */
  grow(id: string, request: GrowRequest): Promise<Grant | Refusal>
  /** Journals a removal. It claims no room, so no limit refuses it. @throws 'disk-full' if the row has no room */
  journalRemoval(tx: Tx, removal: Removal): Promise<void>
  /**
   * Fixes what a claim will amount to, now that the content is complete, and journals it as about to happen.
   * Refuses when the resource it replaces has shrunk since, so that the difference no longer fits.
   */
  intend(tx: Tx, id: string, intent: Intent): Promise<Refusal | null>
  /**
   * Turns an intent or a removal into used bytes and ends the claim, in one step with what the properties of
   * the path become: a removal or a new resource ends those of what was there before, an overwrite keeps them.
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
  /** Writes what was counted into the root space. @returns what stood there before */
  recount(counted: Totals): Promise<Totals>
  setRootLimit(limitBytes: number | null): Promise<void>
}

export type ClaimKind = 'put' | 'mkcol' | 'remove'

export interface ClaimRequest extends GrowRequest {
  readonly id: string
  readonly kind: ClaimKind
  readonly path: ResourcePath
  /** Bytes of the present content that the commit gives back. The quota is judged on the difference. */
  readonly replacesBytes: number
  /** New names: 1 for a new resource, 0 for an overwrite. */
  readonly entries: number
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

/** A property that is stored rather than computed; `value` is the XML inside the property element. */
export interface Property {
  readonly ns: string
  readonly local: string
  readonly value: string
}

/** Port: stored properties, by path. */
export interface Properties {
  of(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, readonly Property[]>>
}

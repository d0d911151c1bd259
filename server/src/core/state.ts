import type { DiskRoom, Ledger, Refusal } from './ledger.ts'
import type { ResourcePath } from './path.ts'
import type { FreeSpace, Totals } from './resource.ts'
import type { Tx } from './tx.ts'

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
  /** Gives up the reserve that is kept for a full disk. @returns false if it was given up before */
  giveWay(): boolean
  /** Keeps that reserve, with which deletes and moves succeed; restores it if it was given up and there is room. */
  maintain(): void
  /**
   * Puts what was written lately where it stays, as long as there is room for it: a removal on a full disk then needs
   * none for what came before it. What finds no room is left as it is.
   */
  foldLog(): void
  close(): Promise<void>
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
  /**
   * Every path at or below `tree` that has properties, in pages: to find those whose resource has gone behind the
   * server's back. Null for all there are, those of staged copies included.
   */
  paths(tree: ResourcePath | null): AsyncIterable<readonly ResourcePath[]>
  /** Forgets those of everything at and below each of `paths`, and no longer charges them. */
  forget(tx: Tx, paths: readonly ResourcePath[]): Promise<void>
}

export interface PropertyPatch {
  readonly changes: readonly PropertyChange[]
  /** The most that the properties of one resource may be charged. */
  readonly mostBytes: number
  readonly diskRoom: (claimed: Totals) => DiskRoom
  /**
   * Runs when the changes are made and before they are kept. If it throws, there are none.
   * @returns what undoes it, called if the changes are not kept: a full disk may say so only at the end. It never throws.
   */
  readonly alongside?: () => () => void
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

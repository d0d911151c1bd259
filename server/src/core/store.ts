import type { ClaimJournal } from './ledger.ts'
import type { ResourcePath } from './path.ts'
import type { FreeSpace, Resource, Totals } from './resource.ts'
import type { Tx } from './tx.ts'

/**
 * Port: the tree and its bytes. All methods take paths that `resolve` returned.
 *
 * Every method throws DavError with 'disk-full', 'quota-exceeded', 'overloaded', 'read-only', 'forbidden',
 * 'target-too-long' or 'io-error' as its driver translates what the operating system said.
 */
export interface ResourceStore {
  /** The stored spelling of a path: the same, or one that differs in Unicode normalisation only (URI-13). */
  resolve(path: ResourcePath): Promise<ResourcePath>
  stat(path: ResourcePath): Promise<Resource | null>
  /** The members of a collection in pages, in no particular order; a page is all that is held in memory. */
  list(path: ResourcePath): AsyncIterable<readonly Resource[]>
  /** A file's content as it is now, whatever is committed over it later; null unless `path` is a file. */
  open(path: ResourcePath): Promise<Content | null>
  /** Begins content that will appear at `path`. @throws 'forbidden' where it could never be committed */
  stage(path: ResourcePath, id: string): Promise<Staged>
  /** Throws what `stage` would throw where nothing could ever be committed. Writes nothing. @throws 'forbidden' */
  requireCommittable(path: ResourcePath): Promise<void>
  /** Begins an empty collection that will appear at `path`. */
  stageCollection(path: ResourcePath, id: string): Promise<Committable>
  /** Begins a copy that will appear at `path`, of a file or of a collection with the members put into it. */
  stageCopy(path: ResourcePath, id: string, kind: 'file' | 'collection'): Promise<StagedCopy>
  /** What is at `path`, ready to be committed at another path by one rename; discarding leaves it where it is. */
  detach(path: ResourcePath, id: string): Promise<Committable>
  /**
   * Sets the modification time, in milliseconds, as durably as content is stored; the content stays. Synchronous because
   * it happens inside the transaction that stores the properties which come with it.
   * @returns what puts back the time that was there before, for when that transaction is not kept
   */
  touch(tx: Tx, path: ResourcePath, modifiedMs: number): () => void
  /** What identifies the thing at `path` across a rename, for the journal of a removal. */
  identify(path: ResourcePath): Promise<string>
  /**
   * Removes a file or a whole tree; atomic wherever the volume can still rename. Its room is free afterwards, unless the
   * disk failed in the middle: then it is out of sight, and `discardStrays` tries again.
   */
  remove(tx: Tx, path: ResourcePath, id: string): Promise<Removed>
  /** Counts a tree, `path` itself included unless it is the root; yields sums so far, the last one complete. */
  measure(path: ResourcePath): AsyncIterable<Totals>
  /** Counts the members of one collection, not what is below them; null where there is none. */
  tally(path: ResourcePath): Promise<Tally | null>
  /** Synchronous because it is read inside the ledger's transaction: between the two nothing may happen. */
  freeSpace(): FreeSpace
  /** After a crash: finishes or undoes what `journal` describes and says which. */
  recover(journal: StoredDeed): Promise<'done' | 'undone'>
  /** Removes everything staged that no running operation owns. @returns how many there were */
  discardStrays(known: ReadonlySet<string>): Promise<number>
  close(): Promise<void>
}

/** What a claim was about to do to the tree, and whether it was about to. */
export type StoredDeed = Omit<ClaimJournal, 'sourcePath'>

/** What a collection holds itself. Members that no client can reach count too: they use the space. */
export interface Tally {
  readonly totals: Totals
  /** What its members take on the disk: whole blocks, and less where they have holes or are compressed. */
  readonly allocatedBytes: number
  /** The collections among its members. */
  readonly collections: readonly ResourcePath[]
}

export type Removed = 'freed' | 'out-of-sight'

/** An open file: facts and bytes belong together, also when the name is given to something else meanwhile. */
export interface Content {
  readonly resource: Resource
  /** Bytes `first` to `last`, inclusive, in one piece: for small content. */
  bytes(first: number, last: number): Uint8Array
  /** The same in chunks. @throws DavError 'io-error' if the file was cut behind the server's back */
  stream(first: number, last: number): AsyncIterable<Uint8Array>
  /** Must be called once, whatever happened. */
  close(): Promise<void>
}

/** Something nobody can see yet. Exactly one of commit and discard must follow. */
export interface Committable {
  /** Recognises the thing after a rename; goes into the journal. */
  readonly identity: string
  /** Appears at `path` in one step. A PUT takes the place of a file only, copies and moves that of anything. */
  commit(tx: Tx, path: ResourcePath): Promise<Resource>
  discard(): Promise<void>
}

/** Bytes that nobody can see yet. */
export interface Staged extends Committable {
  /**
   * @param modifiedMs the modification time to show, to the second; undefined for the time of the upload
   * @returns the durable total in bytes. On failure the bytes so far stay until they are discarded.
   */
  append(body: AsyncIterable<Uint8Array>, modifiedMs?: number): Promise<number>
}

/** A copy nobody can see yet. Paths in it begin with a slash; '' is its root. */
export interface StagedCopy extends Committable {
  /**
   * @returns how many bytes were copied; null if there are more than `mostBytes` by now, for which no room was claimed.
   *   Then, and on failure, a part may be left, until it is left out.
   */
  copyFile(from: ResourcePath, below: string, mostBytes: number): Promise<number | null>
  /** How much of a file is on the disk already while it is copied. */
  copiedBytes(below: string): number
  makeCollection(below: string): Promise<void>
  /** Takes out what is there of a member, with everything below it. */
  leaveOut(below: string): Promise<void>
}

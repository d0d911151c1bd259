import type { ResourcePath } from './path.ts'

/**
 * Port: tells which collections may differ from what was last seen in them, whoever changed them. What it tells comes
 * late, in no order and more than once; it never tells what has changed.
 */
export interface FolderWatch {
  /**
   * Watches one collection, not what is below it; nothing where there is none. 'replaced' is another folder than the
   * one watched under this name before: the watches of that one, and of all below, have ended.
   * @throws WatchFailure where the system watches no more, DavError where it cannot be opened at this moment
   */
  add(path: ResourcePath): 'kept' | 'new' | 'replaced'
  /** Whether it was added, also where it lies on another file system and nothing can be told of it. */
  has(path: ResourcePath): boolean
  /** Ends the watches at and below `path`. */
  forget(path: ResourcePath): void
  /** How many collections are watched. */
  count(): number
  /** Ends all. No listener is called afterwards. */
  close(): void
}

export interface WatchListener {
  /** @param name the member that came or went, if one did; null where only content or the collection itself changed */
  changed(collection: ResourcePath, name: string | null): void
  /** There was more than the system could tell: anything may differ. */
  missed(): void
  /** A watch has ended by itself: no more can be relied on. */
  failed(failure: WatchFailure): void
}

/** @throws WatchFailure where nothing can be watched at all */
export type OpenWatch = (listener: WatchListener) => FolderWatch

/** Why the system watches no more. No shortage of space, whatever its error code is called. */
export class WatchFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'WatchFailure'
  }
}

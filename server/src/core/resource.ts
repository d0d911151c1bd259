import type { ResourcePath } from './path.ts'

/** What was true of a resource when it was looked at. Does no I/O and never changes. */
export interface Resource {
  readonly path: ResourcePath
  readonly kind: 'file' | 'collection'
  /** Length of the content in bytes, or `MOST_BYTES`; 0 for a collection. */
  readonly bytes: number
  /** A strong entity tag with its quotes; null for a collection. */
  readonly etag: string | null
  /** Milliseconds since 1970, UTC. */
  readonly modifiedMs: number
  readonly createdMs: number
}

/** What a tree holds: the bytes of its files, and the number of files and collections in it. */
export interface Totals {
  readonly bytes: number
  readonly entries: number
}

/**
 * What files, and sums of them, count as where they are longer, 2 PiB: another program can make a file with holes longer
 * than any number of ours, and of what several such amount to.
 */
export const MOST_BYTES = 2 ** 51

export const NOTHING: Totals = { bytes: 0, entries: 0 }

/** The state of a volume, as the operating system gives it to an unprivileged process. */
export interface FreeSpace {
  readonly freeBytes: number
  readonly totalBytes: number
  /** Files that can still be created; null where the file system has no such bound (btrfs). */
  readonly freeEntries: number | null
  readonly totalEntries: number | null
}

import type { BigIntStats } from 'node:fs'
import type { ResourcePath } from '../../core/path.ts'
import { MOST_BYTES, type Resource } from '../../core/resource.ts'

/** What a directory entry is to a client; null for links, devices, sockets and pipes, which nobody is shown. */
export function resourceFrom(path: ResourcePath, stats: BigIntStats): Resource | null {
  const times = {
    modifiedMs: Number(stats.mtimeMs),
    createdMs: Number(stats.birthtimeMs > 0n ? stats.birthtimeMs : stats.mtimeMs),
  }
  if (stats.isDirectory()) return { path, kind: 'collection', bytes: 0, etag: null, ...times }
  if (!stats.isFile()) return null
  return { path, kind: 'file', bytes: lengthOf(stats), etag: entityTag(stats), ...times }
}

/** The length of a file, as far as it can be counted. */
export function lengthOf(stats: BigIntStats): number {
  return Math.min(Number(stats.size), MOST_BYTES)
}

/**
 * Recognises an object across a rename, which never leaves its file system. The time of birth tells apart two that were
 * given the same inode. Not the device: the same disk may have another number after a restart of the machine.
 */
export function identityOf(stats: BigIntStats): string {
  return `${stats.ino}:${stats.birthtimeNs}`
}

/**
 * Strong (RFC 9110 §8.8.1), and kept by a rename. Every content the server writes has a modification time of
 * its own to the microsecond, so even an inode that is used again at once makes another tag.
 */
function entityTag(stats: BigIntStats): string {
  return `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`
}

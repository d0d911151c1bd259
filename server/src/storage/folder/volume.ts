import { lstatSync, mkdirSync, realpathSync, statfsSync } from 'node:fs'
import { DavError } from '../../core/errors.ts'
import { freeSpaceFrom, sharesRoomWithItsTrees } from '../../core/free-space.ts'
import { RESERVED_NAME, type ResourcePath, resourcePath } from '../../core/path.ts'
import type { FreeSpace } from '../../core/resource.ts'
import { StartError } from '../../core/start-error.ts'
import { type Anchor, type AnchoredRoot, anchorRoot } from './anchor.ts'
import { isMissing, translate } from './translate.ts'

/** How much survives a power cut: everything acknowledged, the content but not its name, or nothing. */
export type Durability = 'full' | 'file' | 'none'

/** The served folder, open, with the directories of our own in it. */
export interface Volume {
  readonly root: AnchoredRoot
  /** Where content waits for its commit: on the file system of the tree, so that a rename is enough. */
  readonly stage: Anchor
  /** Where what is removed goes, by one rename, before it is taken apart. */
  readonly trash: Anchor
  readonly durability: Durability
  /**
   * By id, how much of what is staged may not be on the disk yet, where the file system counts that as free (btrfs); null
   * where it counts it at once.
   */
  readonly unsynced: Map<string, number> | null
  freeSpace(): FreeSpace
  /** @throws DavError 'io-error' once somebody has removed stage or trash: they are open, so no lookup would show it */
  requireOwn(path: ResourcePath): void
  /**
   * A modification time in milliseconds that no other content of this process has: now, or within the second of
   * `wantedMs`.
   */
  uniqueTimeMs(wantedMs?: number): number
  /** Runs `work` and translates what the operating system says. @throws DavError */
  guard<T>(path: ResourcePath, work: () => T | Promise<T>): Promise<T>
  guardSync<T>(path: ResourcePath, work: () => T): T
  close(): void
}

/** @throws StartError if the folder's own directories are links or cannot be made */
export function openVolume(folder: string, durability: Durability, nowMs: () => number): Volume {
  const real = realpathSync(folder)
  makeOwnDirectory(`${real}/${RESERVED_NAME}`)
  const root = anchorRoot(real)
  const stage = ownDirectory(real, 'stage')
  const trash = ownDirectory(real, 'trash')
  const unsynced = sharesRoomWithItsTrees(statfsSync(real)) ? new Map<string, number>() : null
  const freeSpace = () => {
    const found = freeSpaceFrom(statfsSync(real))
    const unsyncedBytes = [...(unsynced?.values() ?? [])].reduce((sum, bytes) => sum + bytes, 0)
    return { ...found, freeBytes: Math.max(0, found.freeBytes - unsyncedBytes) }
  }
  const own = [stage, trash]
  // Where stage or trash is gone, "no such file" is about them: a client told 404 would take its file as deleted.
  const ours = (error: unknown, path: ResourcePath) =>
    isMissing(error) && own.some(isRemoved)
      ? ownRemoved(path, error)
      : translate(error, path, () => freeSpace().freeEntries === 0)
  return {
    root,
    stage,
    trash,
    durability,
    unsynced,
    freeSpace,
    requireOwn(path) {
      if (own.some(isRemoved)) throw ownRemoved(path)
    },
    uniqueTimeMs: uniqueTimes(nowMs),
    async guard(path, work) {
      try {
        return await work()
      } catch (error) {
        throw ours(error, path)
      }
    },
    guardSync(path, work) {
      try {
        return work()
      } catch (error) {
        throw ours(error, path)
      }
    },
    close() {
      for (const open of [stage, trash, root]) open.close()
    },
  }
}

function ownDirectory(folder: string, name: string): Anchor {
  const at = `${folder}/${RESERVED_NAME}/${name}`
  makeOwnDirectory(at)
  const owner = anchorRoot(at)
  const anchor = owner.open(resourcePath([]))
  owner.close()
  if (anchor === null) throw notADirectory(at)
  return anchor
}

function makeOwnDirectory(at: string): void {
  const stats = lstatSync(at, { throwIfNoEntry: false })
  if (stats === undefined) mkdirSync(at, { mode: 0o700 })
  else if (!stats.isDirectory()) throw notADirectory(at)
}

/** An open directory outlives its name, without one in the tree: then nothing can be made in it. */
function isRemoved(directory: Anchor): boolean {
  return (lstatSync(directory.at(), { throwIfNoEntry: false })?.nlink ?? 0) === 0
}

// They are not made again: with them the database is often gone too, and only a start makes everything anew and says so.
function ownRemoved(path: ResourcePath, cause?: unknown): DavError {
  const message = `the server's own directory ${RESERVED_NAME} was removed while it runs. Start the server again`
  return new DavError('io-error', message, { path, cause })
}

function notADirectory(at: string): StartError {
  return new StartError(
    `${at} is not a directory`,
    'It belongs to the server and must not be a link. Remove it.',
  )
}

function uniqueTimes(nowMs: () => number): (wantedMs?: number) => number {
  let lastMicroseconds = 0
  return (wantedMs) => {
    lastMicroseconds = Math.max(nowMs() * 1000, lastMicroseconds + 1)
    if (wantedMs === undefined) return lastMicroseconds / 1000
    return Math.floor(wantedMs / 1000) * 1000 + (lastMicroseconds % 1_000_000) / 1000
  }
}

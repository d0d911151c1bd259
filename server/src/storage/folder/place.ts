import { closeSync, fstatSync, fsyncSync, futimesSync, lstatSync, openSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { DavError } from '../../core/errors.ts'
import { nameOf, parentOf, type ResourcePath, ROOT } from '../../core/path.ts'
import type { Resource } from '../../core/resource.ts'
import type { Committable } from '../../core/store.ts'
import { withParent } from './anchor.ts'
import { READ } from './content.ts'
import { identityOf, resourceFrom } from './facts.ts'
import { lookAt } from './lookup.ts'
import { takeApart } from './remove.ts'
import type { Volume } from './volume.ts'

/** Lets what waits at `staged` appear at `path`, in place of a file at most. */
export function appear(volume: Volume, staged: string, path: ResourcePath): Promise<Resource> {
  requireNotRoot(path)
  return withParent(volume.root, path, async (parent, name) => {
    const resource = arriving(staged, path)
    await rename(staged, parent.at(name))
    if (volume.durability === 'full') await parent.sync()
    return resource
  })
}

/**
 * The same in place of anything. What no rename can replace, a collection, steps aside into the trash first; a crash
 * in between is undone by recovery, and so is a failure.
 */
export function takePlace(volume: Volume, from: string, path: ResourcePath, id: string): Promise<Resource> {
  requireNotRoot(path)
  return withParent(volume.root, path, async (parent, name) => {
    const at = parent.at(name)
    const resource = arriving(from, path)
    const trash = volume.trash.at(id)
    const stepsAside = needsRoom(from, at)
    if (stepsAside) await rename(at, trash)
    try {
      await rename(from, at)
    } catch (error) {
      if (stepsAside) await rename(trash, at)
      throw error
    }
    if (volume.durability === 'full') await parent.sync()
    // What of it cannot be removed is out of sight, and the next start tries again.
    if (stepsAside) await takeApart(volume.trash, id).catch(() => {})
    return resource
  })
}

/** What is at `path`, ready to be committed elsewhere. */
export async function detach(volume: Volume, path: ResourcePath, id: string): Promise<Committable> {
  const stats = lookAt(volume.root, path)
  if (stats === null) throw new DavError('not-found', 'it is not there any more', { path })
  return {
    identity: identityOf(stats),
    commit: (_tx, target) =>
      volume.guard(target, () =>
        withParent(volume.root, path, async (parent, name) => {
          const resource = await takePlace(volume, parent.at(name), target, id)
          // Two names of one file: POSIX lets such a rename succeed and do nothing.
          const left = lstatSync(parent.at(name), { bigint: true, throwIfNoEntry: false })
          if (left !== undefined && identityOf(left) === identityOf(stats)) await rm(parent.at(name))
          if (volume.durability === 'full') await parent.sync()
          return resource
        }),
      ),
    async discard() {},
  }
}

/**
 * Sets the modification time. What cannot be opened fails before anything has changed, and no link is followed.
 * @returns what puts back the time that was there before
 */
export function touch(volume: Volume, path: ResourcePath, modifiedMs: number): () => void {
  const seconds = volume.uniqueTimeMs(modifiedMs) / 1000
  const before = setTimes(volume, path, { accessed: seconds, modified: seconds })
  return () => setTimes(volume, path, before)
}

/** In seconds, because that is what Node takes: exact to a quarter of a microsecond. */
interface Times {
  readonly accessed: number
  readonly modified: number
}

/** @returns the times before. If it throws, they are there still. */
function setTimes(volume: Volume, path: ResourcePath, { accessed, modified }: Times): Times {
  const handle = openAt(volume, path)
  try {
    const { atimeNs, mtimeNs } = fstatSync(handle, { bigint: true })
    const before = { accessed: secondsFrom(atimeNs), modified: secondsFrom(mtimeNs) }
    futimesSync(handle, accessed, modified)
    try {
      // The state that goes with it may lie on another disk, and its syncs do nothing for this one.
      if (volume.durability !== 'none') fsyncSync(handle)
    } catch (error) {
      futimesSync(handle, before.accessed, before.modified)
      throw error
    }
    return before
  } finally {
    closeSync(handle)
  }
}

function openAt(volume: Volume, path: ResourcePath): number {
  const parent = volume.root.open(parentOf(path))
  if (parent === null) throw new DavError('not-found', 'it is not there any more', { path })
  try {
    return openSync(path === ROOT ? parent.at() : parent.at(nameOf(path)), READ)
  } finally {
    parent.close()
  }
}

// In two parts, because the nanoseconds since 1970 are more than a number holds.
function secondsFrom(ns: bigint): number {
  return Number(ns / 1_000_000_000n) + Number(ns % 1_000_000_000n) / 1e9
}

function requireNotRoot(path: ResourcePath): void {
  if (path === ROOT)
    throw new DavError('method-not-allowed', 'the root collection cannot be replaced', { path })
}

function needsRoom(from: string, at: string): boolean {
  const target = lstatSync(at, { throwIfNoEntry: false })
  if (target === undefined) return false
  return target.isDirectory() || lstatSync(from).isDirectory()
}

/** Looked at before the rename, which changes nothing of it: what fails after that comes too late for a refusal. */
function arriving(staged: string, path: ResourcePath): Resource {
  const stats = lstatSync(staged, { bigint: true, throwIfNoEntry: false })
  const resource = stats === undefined ? null : resourceFrom(path, stats)
  if (resource === null)
    throw new DavError('io-error', 'it was removed or replaced while it was being stored', { path })
  return resource
}

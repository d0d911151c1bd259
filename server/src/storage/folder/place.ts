import { lstatSync, lutimesSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { DavError } from '../../core/errors.ts'
import { nameOf, parentOf, type ResourcePath, ROOT } from '../../core/path.ts'
import type { Resource } from '../../core/resource.ts'
import type { Committable } from '../../core/store.ts'
import { withParent } from './anchor.ts'
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

export function touch(volume: Volume, path: ResourcePath, modifiedMs: number): void {
  const seconds = volume.uniqueTimeMs(modifiedMs) / 1000
  const parent = volume.root.open(parentOf(path))
  if (parent === null) throw new DavError('not-found', 'it is not there any more', { path })
  try {
    lutimesSync(parent.at(nameOf(path)), seconds, seconds)
  } finally {
    parent.close()
  }
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

import { lstatSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { DavError } from '../../core/errors.ts'
import { memberPath, nameOf, parentOf, type ResourcePath, ROOT } from '../../core/path.ts'
import type { Removed, StoredDeed } from '../../core/store.ts'
import { type Anchor, withParent } from './anchor.ts'
import { identityOf } from './facts.ts'
import { lookAt } from './lookup.ts'
import { isNoRoom, isProtected, isTooLong } from './translate.ts'
import type { Volume } from './volume.ts'

/**
 * Takes a file or tree away by one rename and then apart. On a file system so full that it cannot even rename
 * (btrfs), it is taken apart where it is.
 */
export function removeTree(volume: Volume, path: ResourcePath, id: string): Promise<Removed> {
  return withParent(volume.root, path, async (parent, name) => {
    try {
      await rename(parent.at(name), volume.trash.at(id))
    } catch (error) {
      if (!isNoRoom(error)) throw error
      await rm(parent.at(name), { recursive: true })
    }
    const removed = await takeApartOrPutBack(volume, path, id, parent.at(name)).then(
      () => 'freed' as const,
      outOfSight,
    )
    if (volume.durability === 'full') await parent.sync()
    // ext4 counts blocks as free only once the journal has committed, so without this the room would be
    // missing from the next answer.
    if (volume.durability !== 'none') await volume.trash.sync()
    return removed
  })
}

/** A disk that fails while a tree is taken apart cannot bring half of it back: it is gone as a whole, if not freed. */
function outOfSight(error: unknown): Removed {
  if (error instanceof DavError) throw error
  return 'out-of-sight'
}

/** A member that cannot be removed comes back to where it was, and with it the collections above it. */
async function takeApartOrPutBack(volume: Volume, path: ResourcePath, id: string, at: string): Promise<void> {
  try {
    await takeApart(volume.trash, id)
  } catch (error) {
    if (!isProtected(error)) throw error
    if (exists(volume.trash.at(id)) && !exists(at)) await rename(volume.trash.at(id), at)
    throw new DavError('forbidden', 'the operating system forbids to delete a member', { path, cause: error })
  }
}

/**
 * Removes a tree from a directory of the server's own. One that others made deeper than any path the system takes
 * is cut in two where the system gave up, as often as it takes.
 */
export async function takeApart(directory: Anchor, name: string): Promise<void> {
  try {
    await rm(directory.at(name), { recursive: true, force: true })
  } catch (error) {
    if (!isTooLong(error)) throw error
    const lowerHalf = `${name}-`
    // One that a crash has left in the middle of this.
    await takeApart(directory, lowerHalf)
    await rename(halfWay(error.path, directory.at(name)), directory.at(lowerHalf))
    await takeApart(directory, lowerHalf)
    await takeApart(directory, name)
  }
}

function halfWay(path: string, top: string): string {
  const names = path.slice(top.length + 1).split('/')
  return [top, ...names.slice(0, Math.ceil(names.length / 2))].join('/')
}

/** After a crash: whether what the journal describes has happened. A removal that had begun is finished. */
export async function recoverClaim(volume: Volume, journal: StoredDeed): Promise<'done' | 'undone'> {
  const { id, kind, path, identity } = journal
  if (kind === 'remove') {
    if (exists(volume.trash.at(id))) await finishRemoval(volume, path, id).catch(outOfSight)
    // Still there: it had not begun, and who asked for it was told so or nothing.
    return isAt(volume, path, identity) ? 'undone' : 'done'
  }
  await takeApart(volume.stage, id)
  const done = isAt(volume, path, identity)
  if (!done && exists(volume.trash.at(id))) await putBack(volume, path, id)
  await takeApart(volume.trash, id)
  return done ? 'done' : 'undone'
}

/**
 * What stepped aside for a copy or a move comes back if that never arrived. Where others have taken its collection
 * away or its name meanwhile, it comes back at the top under a name of ours: it is nobody's to lose.
 */
async function putBack(volume: Volume, path: ResourcePath, id: string): Promise<void> {
  const trash = volume.trash.at(id)
  if (lookAt(volume.root, path) === null) {
    await ifParentIsThere(volume, path, (parent, name) => rename(trash, parent.at(name)))
  }
  if (!exists(trash)) return
  const top = memberPath(ROOT, `put-back-${id}`)
  await withParent(volume.root, top, (parent, name) => rename(trash, parent.at(name)))
}

async function finishRemoval(volume: Volume, path: ResourcePath, id: string): Promise<void> {
  await ifParentIsThere(volume, path, (parent, name) => takeApartOrPutBack(volume, path, id, parent.at(name)))
  await takeApart(volume.trash, id)
}

/** Others may have removed the collection meanwhile, and with it the place to which something could come back. */
async function ifParentIsThere(
  volume: Volume,
  path: ResourcePath,
  work: (parent: Anchor, name: string) => Promise<void>,
): Promise<void> {
  const parent = volume.root.open(parentOf(path))
  try {
    if (parent !== null) await work(parent, nameOf(path))
  } finally {
    parent?.close()
  }
}

function isAt(volume: Volume, path: ResourcePath, identity: string | null): boolean {
  const stats = lookAt(volume.root, path)
  return stats !== null && identityOf(stats) === identity
}

function exists(at: string): boolean {
  return lstatSync(at, { throwIfNoEntry: false }) !== undefined
}

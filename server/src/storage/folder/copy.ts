import { constants, lstatSync } from 'node:fs'
import { copyFile, type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { DavError } from '../../core/errors.ts'
import { nameOf, type ResourcePath } from '../../core/path.ts'
import type { StagedCopy } from '../../core/store.ts'
import { descriptorPath, withParent } from './anchor.ts'
import { READ } from './content.ts'
import { identityOf } from './facts.ts'
import { takePlace } from './place.ts'
import { requireCommittable } from './stage.ts'
import type { Volume } from './volume.ts'

/** Begins a copy. Where the file system can share blocks (btrfs, XFS), its files take no room of their own. */
export async function stageCopy(
  volume: Volume,
  target: ResourcePath,
  { id, kind }: { readonly id: string; readonly kind: 'file' | 'collection' },
): Promise<StagedCopy> {
  await requireCommittable(volume, target)
  const root = volume.stage.at(id)
  const collections = new Set<string>()
  const makeCollection = async (below: string): Promise<void> => {
    await mkdir(root + below, 0o777)
    collections.add(root + below)
  }
  if (kind === 'collection') await makeCollection('')
  return {
    get identity() {
      return identityOf(lstatSync(root, { bigint: true }))
    },
    makeCollection: (below) => volume.guard(target, () => makeCollection(below)),
    copyFile: (from, below, mostBytes) =>
      volume.guard(from, () => copyInto(volume, from, { to: root + below, mostBytes })),
    copiedBytes(below) {
      // btrfs counts as free what is not synced yet, and that is done when the whole file is there.
      return volume.unsynced === null ? sizeOf(root + below) : 0
    },
    leaveOut: (below) =>
      volume.guard(target, async () => {
        for (const collection of collections) {
          if (collection === root + below || collection.startsWith(`${root}${below}/`))
            collections.delete(collection)
        }
        await rm(root + below, { recursive: true, force: true })
      }),
    commit: (_tx, path) =>
      volume.guard(path, async () => {
        if (volume.durability === 'full')
          for (const collection of collections) await syncDirectory(collection)
        return await takePlace(volume, root, path, id)
      }),
    discard: () => rm(root, { recursive: true, force: true }),
  }
}

function copyInto(
  volume: Volume,
  from: ResourcePath,
  { to, mostBytes }: { readonly to: string; readonly mostBytes: number },
): Promise<number | null> {
  return withParent(volume.root, from, async (parent) => {
    // Opened first, because copyFile would follow a link that took the file's place.
    const source = await openFile(parent.at(nameOf(from)))
    if (source === null) throw new DavError('not-found', 'it is not there any more', { path: from })
    try {
      if ((await source.stat()).size > mostBytes) return null
      const at = descriptorPath(source.fd) ?? parent.at(nameOf(from))
      await copyFile(at, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
      // It copies what the file has when it begins: another program may have made it longer at the last moment.
      const bytes = await finish(volume, to)
      return bytes > mostBytes ? null : bytes
    } finally {
      await source.close()
    }
  })
}

/** 0 too where it cannot be looked at: then more is held than the file needs, and it is no other request's trouble. */
function sizeOf(at: string): number {
  try {
    return lstatSync(at).size
  } catch {
    return 0
  }
}

async function openFile(at: string): Promise<FileHandle | null> {
  const handle = await open(at, READ)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  return null
}

async function finish(volume: Volume, at: string): Promise<number> {
  const handle = await open(at, 'r+')
  try {
    const seconds = volume.uniqueTimeMs() / 1000
    await handle.utimes(seconds, seconds)
    if (volume.durability !== 'none') await handle.sync()
    return (await handle.stat()).size
  } finally {
    await handle.close()
  }
}

async function syncDirectory(at: string): Promise<void> {
  const handle = await open(at, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

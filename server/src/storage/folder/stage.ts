import { lstatSync, readdirSync } from 'node:fs'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { DavError } from '../../core/errors.ts'
import { MIB } from '../../core/limits.ts'
import type { ResourcePath } from '../../core/path.ts'
import type { Committable, Staged } from '../../core/store.ts'
import { type Anchor, withParent } from './anchor.ts'
import { identityOf } from './facts.ts'
import { appear } from './place.ts'
import { takeApart } from './remove.ts'
import type { Volume } from './volume.ts'

/** @throws DavError 'forbidden' if the target is a link or device, or on another file system, which no rename reaches */
export async function stageFile(volume: Volume, target: ResourcePath, id: string): Promise<Staged> {
  await requireCommittable(volume, target)
  const at = volume.stage.at(id)
  const handle = await open(at, 'wx', 0o666)
  const discard = async (): Promise<void> => {
    await handle.close().catch(() => {})
    await rm(at, { force: true })
    volume.unsynced?.delete(id)
  }
  const stats = await handle.stat({ bigint: true }).catch(async (error) => {
    await discard()
    throw error
  })
  let totalBytes = 0
  return {
    identity: identityOf(stats),
    append: (body, modifiedMs) =>
      volume.guard(target, async () => {
        for await (const chunk of body) {
          await writeWhole(handle, chunk, totalBytes)
          totalBytes += chunk.byteLength
          await account(volume, handle, { id, bytes: chunk.byteLength })
        }
        await finish(volume, handle, modifiedMs)
        volume.unsynced?.delete(id)
        return totalBytes
      }),
    commit: (_tx, path) =>
      volume.guard(path, async () => {
        await handle.close()
        return await appear(volume, at, path)
      }),
    discard,
  }
}

/** @throws DavError 'forbidden' as `stageFile` does */
export async function stageDirectory(volume: Volume, target: ResourcePath, id: string): Promise<Committable> {
  await requireCommittable(volume, target)
  const at = volume.stage.at(id)
  await mkdir(at, 0o777)
  return {
    identity: identityOf(lstatSync(at, { bigint: true })),
    commit: (_tx, path) => volume.guard(path, () => appear(volume, at, path)),
    discard: () => rm(at, { force: true, recursive: true }),
  }
}

/**
 * Removes what lies in a directory of the server's own, but for `known`. What cannot be removed keeps nothing else; its
 * error is told at the end.
 * @returns how many there were
 */
export async function clear(directory: Anchor, known: ReadonlySet<string>): Promise<number> {
  const strays = readdirSync(directory.at()).filter((name) => !known.has(name))
  const errors: unknown[] = []
  for (const name of strays) await takeApart(directory, name).catch((error: unknown) => errors.push(error))
  if (errors.length > 0) throw errors[0]
  return strays.length
}

// Linux takes paths of 4,095 bytes. What the server makes must be within reach of every other program too (a
// backup, a shell), so the rest is for the path of the folder itself.
const MAX_PATH_BYTES = 3072

// Said before the body is read: the commit would fail or, for a link, replace what somebody put there on purpose.
export async function requireCommittable(volume: Volume, target: ResourcePath): Promise<void> {
  if (Buffer.byteLength(target) > MAX_PATH_BYTES) {
    throw new DavError('target-too-long', `a path has at most ${MAX_PATH_BYTES} bytes`, { path: target })
  }
  volume.requireOwn(target)
  await withParent(volume.root, target, (parent, name) => {
    if (parent.device !== volume.stage.device) {
      throw new DavError('forbidden', 'this collection lies on another file system than the served folder', {
        path: target,
      })
    }
    const there = lstatSync(parent.at(name), { throwIfNoEntry: false })
    if (there === undefined || there.isFile() || there.isDirectory()) return
    throw new DavError('forbidden', 'a link or device has this name, and the server leaves those alone', {
      path: target,
    })
  })
}

// What the system has written by itself is subtracted twice until the next sync: no more than this of each upload.
const MOST_UNSYNCED_BYTES = 16 * MIB

/** Where the file system counts what is not on the disk as free, it is kept in mind, and synced before it is much. */
async function account(
  { unsynced }: Volume,
  handle: FileHandle,
  { id, bytes }: { readonly id: string; readonly bytes: number },
): Promise<void> {
  if (unsynced === null) return
  const sum = (unsynced.get(id) ?? 0) + bytes
  unsynced.set(id, sum)
  if (sum < MOST_UNSYNCED_BYTES) return
  await handle.datasync()
  unsynced.set(id, 0)
}

async function finish(volume: Volume, handle: FileHandle, modifiedMs: number | undefined): Promise<void> {
  const seconds = volume.uniqueTimeMs(modifiedMs) / 1000
  await handle.utimes(seconds, seconds)
  if (volume.durability !== 'none') await handle.sync()
}

// A write may be cut without an error: 40 MiB into 25 MiB of room gave 24 MiB and no complaint. Writing the rest
// brings either the rest or the error.
async function writeWhole(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(
      chunk,
      written,
      chunk.byteLength - written,
      position + written,
    )
    written += bytesWritten
  }
}

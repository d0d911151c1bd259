import { DavError } from '../../core/errors.ts'
import { nameOf, type ResourcePath, ROOT } from '../../core/path.ts'
import type { Content, ResourceStore } from '../../core/store.ts'
import { withParent } from './anchor.ts'
import { openContent } from './content.ts'
import { stageCopy } from './copy.ts'
import { identityOf, resourceFrom } from './facts.ts'
import { lookAt, storedSpelling } from './lookup.ts'
import { detach, touch } from './place.ts'
import { recoverClaim, removeTree } from './remove.ts'
import { clear, requireCommittable, stageDirectory, stageFile } from './stage.ts'
import { isLink, isMissing, isUnopenable } from './translate.ts'
import { members, tally, totals } from './tree.ts'
import { type Durability, openVolume, type Volume } from './volume.ts'

export interface FolderStoreOptions {
  /** An existing directory. What lies in it, and nothing else, is served. */
  readonly folder: string
  readonly durability: Durability
  readonly nowMs: () => number
}

/**
 * A plain directory as the tree: the directory is the truth, and its files can be used without the server.
 * @throws StartError if the server's own directories in it are links
 */
export function folderStore(options: FolderStoreOptions): ResourceStore {
  const volume = openVolume(options.folder, options.durability, options.nowMs)
  const { guard, root } = volume
  return {
    resolve: (path) => guard(path, () => storedSpelling(root, path)),
    stat: (path) =>
      guard(path, () => {
        const stats = lookAt(root, path)
        return stats === null ? null : resourceFrom(path, stats)
      }),
    list: (path) => members(volume, path),
    open: (path) => guard(path, () => openFile(volume, path)),
    stage: (path, id) => guard(path, () => stageFile(volume, path, id)),
    requireCommittable: (path) => guard(path, () => requireCommittable(volume, path)),
    stageCollection: (path, id) => guard(path, () => stageDirectory(volume, path, id)),
    stageCopy: (path, id, kind) => guard(path, () => stageCopy(volume, path, { id, kind })),
    detach: (path, id) => guard(path, () => detach(volume, path, id)),
    touch(_tx, path, modifiedMs) {
      const undo = volume.guardSync(path, () => touch(volume, path, modifiedMs))
      return () => volume.guardSync(path, undo)
    },
    identify: (path) =>
      guard(path, () => {
        const stats = lookAt(root, path)
        if (stats === null) throw new DavError('not-found', 'it is not there any more', { path })
        return identityOf(stats)
      }),
    remove: (_tx, path, id) => guard(path, () => removeTree(volume, path, id)),
    measure: (path) => totals(volume, path),
    tally: (path) => guard(path, () => tally(volume, path)),
    freeSpace: () => volume.freeSpace(),
    recover: (journal) => guard(journal.path, () => recoverClaim(volume, journal)),
    discardStrays: (known) =>
      guard(ROOT, async () => (await clear(volume.stage, known)) + (await clear(volume.trash, known))),
    async close() {
      volume.close()
    },
  }
}

async function openFile(volume: Volume, path: ResourcePath): Promise<Content | null> {
  if (path === ROOT) return null
  try {
    return await withParent(volume.root, path, (parent) => openContent(parent.at(nameOf(path)), path))
  } catch (error) {
    if (isMissing(error) || isLink(error) || isUnopenable(error)) return null
    if (error instanceof DavError && error.code === 'parent-missing') return null
    throw error
  }
}

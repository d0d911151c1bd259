import { lstatSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { ResourcePath } from '../../core/path.ts'
import type { ClaimJournal } from '../../core/state.ts'
import { withParent } from './anchor.ts'
import { identityOf } from './facts.ts'
import { lookAt } from './lookup.ts'
import { isNoRoom } from './translate.ts'
import type { Volume } from './volume.ts'

/**
 * Takes a file or tree away by one rename and then apart. On a file system so full that it cannot even rename
 * (btrfs), it is taken apart where it is.
 */
export function removeTree(volume: Volume, path: ResourcePath, id: string): Promise<void> {
  return withParent(volume.root, path, async (parent, name) => {
    try {
      await rename(parent.at(name), volume.trash.at(id))
    } catch (error) {
      if (!isNoRoom(error)) throw error
      await rm(parent.at(name), { recursive: true })
    }
    await rm(volume.trash.at(id), { recursive: true, force: true })
    if (volume.durability === 'full') await parent.sync()
    // ext4 counts blocks as free only once the journal has committed, so without this the room would be
    // missing from the next answer.
    if (volume.durability !== 'none') await volume.trash.sync()
  })
}

/** After a crash: whether what the journal describes has happened. A removal that had begun is finished. */
export async function recoverClaim(volume: Volume, journal: ClaimJournal): Promise<'done' | 'undone'> {
  const { id, kind, path, identity } = journal
  if (kind === 'remove') {
    if (exists(volume.trash.at(id))) await rm(volume.trash.at(id), { recursive: true, force: true })
    else if (isAt(volume, path, identity)) await removeTree(volume, path, id)
    return 'done'
  }
  if (exists(volume.stage.at(id))) {
    await rm(volume.stage.at(id), { recursive: true, force: true })
    return 'undone'
  }
  return isAt(volume, path, identity) ? 'done' : 'undone'
}

function isAt(volume: Volume, path: ResourcePath, identity: string | null): boolean {
  const stats = lookAt(volume.root, path)
  return stats !== null && identityOf(stats) === identity
}

function exists(at: string): boolean {
  return lstatSync(at, { throwIfNoEntry: false }) !== undefined
}

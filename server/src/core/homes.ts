import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import type { Guard } from './guard.ts'
import type { SpaceSetting } from './ledger.ts'
import { makeCollection } from './mkcol.ts'
import { selfAndAncestors } from './path.ts'

/**
 * Makes the folder of each user that has none yet. A limit holds for its path, whether the folder is there or not;
 * the log says of which that is so.
 */
export async function makeHomes(deps: Deps, settings: readonly SpaceSetting[]): Promise<void> {
  for (const { path, kind } of settings) {
    const found = await deps.store.stat(path)
    if (found?.kind === 'collection') continue
    if (found !== null)
      deps.log.warn('limits are set on a file; they hold once it is a collection', { space: path })
    else if (kind === 'user') await makeHome(deps, path)
    else deps.log.warn('a collection with limits is not there yet; they hold once it is', { space: path })
  }
}

async function makeHome(deps: Deps, home: SpaceSetting['path']): Promise<void> {
  for (const path of selfAndAncestors(home).toReversed()) {
    if ((await deps.store.stat(path)) !== null) continue
    try {
      await makeCollection(deps, { path, guard: NOBODY })
    } catch (error) {
      if (!(error instanceof DavError)) throw error
      deps.log.error('the folder of a user cannot be made', { space: home, error })
      return
    }
  }
}

const NOBODY: Guard = {
  user: null,
  conditions: { ifMatch: null, ifNoneMatch: null, ifModifiedSinceMs: null, ifUnmodifiedSinceMs: null },
  ifHeader: null,
}

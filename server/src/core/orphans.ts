import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { contains, type ResourcePath, type ROOT } from './path.ts'
import { whenSettled } from './postponed.ts'
import type { Tx } from './tx.ts'

// Short critical sections: each looks at no more names than this.
const NAMES_AT_ONCE = 100

/**
 * Forgets the properties and locks of what was removed behind the server's back, in pieces so small that requests have
 * their turn in between. Yields at how many paths it has looked.
 * @param tree null for everywhere, copies that were never finished included: only while no request runs
 */
export async function* forgetOrphans(deps: Deps, tree: typeof ROOT | null): AsyncGenerator<number> {
  const { locks, properties } = deps.state
  await locks.purge(deps.nowMs())
  const roots = (await locks.all(deps.nowMs())).map(({ root }) => root)
  await forgetGone(deps, roots)
  for await (const page of properties.paths(tree)) {
    await forgetGone(deps, page)
    yield page.length
  }
}

/** Forgets what belonged to those of `paths` where nothing is any more, and to all below them. What cannot be forgotten now keeps nothing else from it. */
export async function forgetGone(deps: Deps, paths: readonly ResourcePath[]): Promise<void> {
  for (let first = 0; first < paths.length; first += NAMES_AT_ONCE) {
    try {
      await forget(deps, await goneAmong(deps, paths.slice(first, first + NAMES_AT_ONCE)))
    } catch (error) {
      deps.log.error('what belonged to removed resources could not be forgotten', { error })
    }
  }
}

/** What is gone at and below `path` and has properties or locks all the same, in pages. */
export async function* orphansBelow(deps: Deps, path: ResourcePath): AsyncGenerator<readonly ResourcePath[]> {
  const roots = await lockRootsBelow(deps, path)
  yield await goneAmong(deps, [...new Set(roots)])
  const known = new Set(roots)
  for await (const page of deps.state.properties.paths(path)) {
    yield await goneAmong(
      deps,
      page.filter((each) => !known.has(each)),
    )
  }
}

/** The same of everything at and below `path`, within a critical section that holds it. */
export async function forgetGoneBelow(deps: Deps, tx: Tx, path: ResourcePath): Promise<void> {
  for await (const page of deps.state.properties.paths(path)) {
    await forgetThose(deps, tx, await goneAmong(deps, page))
  }
  await forgetThose(deps, tx, await goneAmong(deps, await lockRootsBelow(deps, path)))
}

async function lockRootsBelow(deps: Deps, path: ResourcePath): Promise<readonly ResourcePath[]> {
  const roots = (await deps.state.locks.all(deps.nowMs())).map(({ root }) => root)
  return roots.filter((root) => contains(path, root))
}

async function forget(deps: Deps, gone: readonly ResourcePath[]): Promise<void> {
  if (gone.length === 0) return
  await whenSettled(deps, gone, async (tx) => {
    // Looked at again: somebody may have stored something under the name meanwhile.
    await forgetThose(deps, tx, await goneAmong(deps, gone))
  })
}

async function forgetThose(deps: Deps, tx: Tx, gone: readonly ResourcePath[]): Promise<void> {
  if (gone.length === 0) return
  await deps.state.properties.forget(tx, gone)
  for (const token of await locksBelow(deps, gone)) await deps.state.locks.remove(tx, token)
}

async function goneAmong(deps: Deps, paths: readonly ResourcePath[]): Promise<readonly ResourcePath[]> {
  const gone: ResourcePath[] = []
  for (const path of paths) if (await isGone(deps, path)) gone.push(path)
  return gone
}

/** What cannot be looked at may be there: it keeps what belongs to it. */
async function isGone(deps: Deps, path: ResourcePath): Promise<boolean> {
  // What a copy had staged has no path in the tree.
  if (!path.startsWith('/')) return true
  try {
    return (await deps.store.stat(path)) === null
  } catch (error) {
    if (!(error instanceof DavError)) throw error
    deps.log.error('a path cannot be looked at', { path, error })
    return false
  }
}

async function locksBelow(deps: Deps, paths: readonly ResourcePath[]): Promise<string[]> {
  const all = await deps.state.locks.all(deps.nowMs())
  return all.filter(({ root }) => paths.some((path) => contains(path, root))).map(({ token }) => token)
}

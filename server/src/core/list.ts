import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import type { Resource } from './resource.ts'

/** A resource and, at depth 1, its members: in pages, so that a large collection is never held whole. */
export async function* upToMembers(
  deps: Deps,
  resource: Resource,
  depth: '0' | '1',
): AsyncGenerator<readonly Resource[]> {
  yield [resource]
  if (depth === '1' && resource.kind === 'collection') yield* deps.store.list(resource.path)
}

/**
 * A resource and everything below it. The tree is counted first, so that a refusal comes before the answer begins.
 * @throws DavError 'infinite-depth-refused' if there is more than the configured bound (RFC 4918 §9.1)
 */
export async function wholeTree(deps: Deps, resource: Resource): Promise<AsyncIterable<readonly Resource[]>> {
  if (resource.kind === 'file') return upToMembers(deps, resource, '0')
  const bound = deps.limits.infiniteDepthResources
  for await (const { entries } of bound === 0 ? [{ entries: 1 }] : deps.store.measure(resource.path)) {
    if (entries <= bound) continue
    throw new DavError('infinite-depth-refused', 'ask with Depth 0 or 1, folder by folder', {
      path: resource.path,
    })
  }
  return walk(deps, resource)
}

async function* walk(deps: Deps, resource: Resource): AsyncGenerator<readonly Resource[]> {
  yield [resource]
  const pending = [resource.path]
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for await (const page of deps.store.list(folder)) {
      yield page
      pending.push(...page.filter(({ kind }) => kind === 'collection').map(({ path }) => path))
    }
  }
}

import type { Deps } from './deps.ts'
import type { Resource } from './resource.ts'

/** A resource and, one level deep, its members: in pages, so that a large collection is never held whole. */
export async function* withMembers(deps: Deps, resource: Resource): AsyncGenerator<readonly Resource[]> {
  yield [resource]
  if (resource.kind === 'collection') yield* deps.store.list(resource.path)
}

import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { parentOf, type ResourcePath, ROOT } from './path.ts'
import { type Conditions, evaluateConditions } from './preconditions.ts'
import type { Resource } from './resource.ts'

/** @throws DavError 'parent-missing' if nothing can be created at `path` (RFC 4918 §9.3.1, §9.7.1) */
export async function requireParent(deps: Deps, path: ResourcePath): Promise<void> {
  if (path === ROOT) return
  const parent = await deps.store.stat(parentOf(path))
  if (parent?.kind !== 'collection') {
    throw new DavError('parent-missing', 'the collection this would be put into does not exist', { path })
  }
}

/** @throws DavError 'precondition-failed' unless every condition of a writing request holds */
export function requireConditions(
  conditions: Conditions,
  current: Resource | null,
  path: ResourcePath,
): void {
  if (evaluateConditions(conditions, current, { reading: false }) !== 'proceed') {
    throw new DavError('precondition-failed', 'the resource is not in the state the request asked for', {
      path,
    })
  }
}

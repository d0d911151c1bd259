import { contains, type ResourcePath } from './path.ts'
import type { Lock } from './state.ts'

/** Whether a resource lies in the scope of a lock: at its root, or at infinite depth anywhere below (§6.1, §7). */
export function covers(lock: Lock, path: ResourcePath): boolean {
  return lock.root === path || (lock.depth === 'infinity' && contains(lock.root, path))
}

/** Exclusive locks tolerate no other, shared ones only each other (RFC 4918 §6.2). */
export function conflicts(one: Pick<Lock, 'scope'>, other: Pick<Lock, 'scope'>): boolean {
  return one.scope === 'exclusive' || other.scope === 'exclusive'
}

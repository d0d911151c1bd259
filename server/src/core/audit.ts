import type { Deps } from './deps.ts'
import { forgetGone, orphansBelow } from './orphans.ts'
import type { ResourcePath } from './path.ts'
import { check, recount, type Walked } from './reconcile.ts'

/** A step of a walk for an operator. */
export interface Audited extends Walked {
  /** What is gone and has properties or locks all the same: those that were found at this step. */
  readonly orphans: readonly ResourcePath[]
}

/** Compares all that is recorded of a tree with what lies on the disk, and changes nothing. */
export async function* audit(deps: Deps, path: ResourcePath): AsyncGenerator<Audited> {
  yield* withOrphans(check(deps, path), orphansBelow(deps, path))
}

/** Makes all that is recorded of a tree what lies on the disk: folders, counters, properties and locks. */
export async function* correct(deps: Deps, path: ResourcePath): AsyncGenerator<Audited> {
  yield* withOrphans(recount(deps, path), forgotten(deps, orphansBelow(deps, path)))
}

async function* withOrphans(
  walk: AsyncGenerator<Walked>,
  orphans: AsyncGenerator<readonly ResourcePath[]>,
): AsyncGenerator<Audited> {
  let last: Walked | null = null
  for await (const step of walk) {
    last = step
    yield { ...step, orphans: [] }
  }
  for await (const found of orphans) {
    if (last !== null) yield { ...last, drift: null, orphans: found }
  }
}

async function* forgotten(
  deps: Deps,
  orphans: AsyncGenerator<readonly ResourcePath[]>,
): AsyncGenerator<readonly ResourcePath[]> {
  for await (const found of orphans) {
    await forgetGone(deps, found)
    yield found
  }
}

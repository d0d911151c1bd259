import type { Deps } from './deps.ts'
import type { ResourcePath } from './path.ts'
import type { Totals } from './resource.ts'

/** The sums of a whole tree; zero where there is none. */
export async function measured(deps: Deps, path: ResourcePath): Promise<Totals> {
  let totals: Totals = { bytes: 0, entries: 0 }
  for await (const sum of deps.store.measure(path)) totals = sum
  return totals
}

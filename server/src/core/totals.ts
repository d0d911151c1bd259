import type { Deps } from './deps.ts'
import { type Charge, NO_CHARGE } from './ledger.ts'
import type { ResourcePath } from './path.ts'
import type { Resource, Totals } from './resource.ts'

/** The sums of a whole tree as it lies on the disk; zero where there is none. */
export async function measured(deps: Deps, path: ResourcePath): Promise<Totals> {
  let totals: Totals = { bytes: 0, entries: 0 }
  for await (const sum of deps.store.measure(path)) totals = sum
  return totals
}

/** What a resource and all below it are charged to the spaces that contain it; nothing where there is none. */
export async function chargeOf(deps: Deps, path: ResourcePath, resource: Resource | null): Promise<Charge> {
  if (resource === null) return NO_CHARGE
  const below = await deps.state.ledger.charged(path)
  const propertyBytes = await deps.state.properties.chargedBytes(path, 'infinity')
  const bytes = resource.bytes + below.bytes + propertyBytes
  return { bytes, entries: 1 + below.entries, propertyBytes }
}

/** The part of a charge that is content. */
export function contentOf({ bytes, entries, propertyBytes }: Charge): Totals {
  return { bytes: bytes - propertyBytes, entries }
}

import { describe } from 'node:test'
import { casesOf, type Make, type SkippedCase } from './cases.ts'
import { collectionCases } from './store/collections.ts'
import { contentCases } from './store/content.ts'
import { entityTagCases } from './store/entity-tags.ts'
import { foreignCases } from './store/foreign.ts'
import type { StoreUnderTest } from './store/harness.ts'
import { nameCases } from './store/names.ts'
import { recoveryCases } from './store/recovery.ts'
import { removalCases } from './store/removal.ts'

export interface StoreSuite {
  readonly make: Make<StoreUnderTest>
  readonly skip?: readonly SkippedCase[]
}

/** What every driver of the storage port must do. A driver's whole test file is one call of this. */
export function resourceStoreSuite(name: string, { make, skip = [] }: StoreSuite): void {
  const groups = {
    content: contentCases,
    'entity tags': entityTagCases,
    collections: collectionCases,
    names: nameCases,
    removal: removalCases,
    recovery: recoveryCases,
    'what others put into the folder': foreignCases,
  }
  const cases = casesOf(make, skip)
  for (const [title, group] of Object.entries(groups)) {
    describe(`store ${name}: ${title}`, () => group(cases.it))
  }
  cases.requireKnownSkips()
}

import { describe } from 'node:test'
import type { StateStore } from '../../src/core/state.ts'
import { casesOf, type Make, type SkippedCase } from './cases.ts'
import { claimCases } from './state/claims.ts'
import { exclusiveCases } from './state/exclusive.ts'
import { growthCases } from './state/growth.ts'
import type { NewSpace } from './state/harness.ts'
import { journalCases } from './state/journal.ts'
import { modelCases } from './state/model.ts'
import { nestedCases } from './state/nested.ts'
import { propertyCases } from './state/properties.ts'
import { refusalCases } from './state/refusals.ts'

export interface StateSuite {
  /** Besides the root, the given quota roots are there, and empty. */
  readonly make: Make<StateStore, readonly NewSpace[]>
  readonly skip?: readonly SkippedCase[]
}

/** What every driver of the state port must do. A driver's whole test file is one call of this. */
export function stateStoreSuite(name: string, { make, skip = [] }: StateSuite): void {
  const groups = {
    claims: claimCases,
    refusals: refusalCases,
    growth: growthCases,
    'journal and settlement': journalCases,
    'nested spaces': nestedCases,
    properties: propertyCases,
    'critical sections': exclusiveCases,
    'against a model': modelCases,
  }
  const cases = casesOf(make, skip)
  for (const [title, group] of Object.entries(groups)) {
    describe(`state ${name}: ${title}`, () => group(cases.it))
  }
  cases.requireKnownSkips()
}

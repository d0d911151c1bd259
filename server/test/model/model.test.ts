import { describe, it } from 'node:test'
import { type Search, searchInterleavings, searchSequences } from './search.ts'

// MODEL_SEED and MODEL_PATH repeat one counterexample with the numbers that were printed with it; MODEL_SECONDS looks
// for longer.
const { MODEL_SEED: seed, MODEL_PATH: path, MODEL_SECONDS: seconds } = process.env

describe('the core beside a model of it', () => {
  it('does and refuses the same, and has the same tree, properties and counters after each operation (QUOTA-17, STOR-01, STOR-05)', async (test) => {
    const compared = await searchSequences(searchOf({ numRuns: 250, seconds: 12 }))

    test.diagnostic(`${compared} operations`)
  })

  it('ends as if operations at the same time had been done one after the other, whatever the order of their calls (QUOTA-17, STOR-01, STOR-05)', async (test) => {
    const compared = await searchInterleavings(searchOf({ numRuns: 500, seconds: 20 }))

    test.diagnostic(`${compared} operations at the same time as others`)
  })
})

function searchOf(bounds: Pick<Search, 'numRuns' | 'seconds'>): Search {
  return {
    ...bounds,
    ...(seconds === undefined ? {} : { numRuns: Number.MAX_SAFE_INTEGER, seconds: Number(seconds) }),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  }
}

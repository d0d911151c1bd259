import type { Proof } from '../prove/proof.ts'
import { searchInterleavings, searchSequences } from './search.ts'

export const models: Proof = {
  name: 'model',
  does: 'fast-check draws operations over a small tree, first one after the other, then up to four at the same time with every call to store and state in a drawn order. Outcomes, contents, properties and counters must be those of a model in memory; at the same time, those of the model in some order, and nothing refused for want of room where there was enough for all.',
  cannotSee: 'Locks, trees that are copied while they change, and failures.',
  skip: false,
  async round({ seed }) {
    const sequences = await searchSequences({ numRuns: 60, seconds: 10, seed })
    const interleavings = await searchInterleavings({ numRuns: 150, seconds: 20, seed })
    return { operations: sequences + interleavings }
  },
}

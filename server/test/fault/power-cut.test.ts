import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { powerCuts } from '../prove/power-cut.ts'
import { runRound } from '../prove/rounds.ts'

describe('a power cut at any moment', { skip: powerCuts.skip }, () => {
  for (const seed of [1, 2]) {
    it(`leaves everything acknowledged whole and nothing half, and the counters right: seed ${seed} (PUT-07, STOR-08)`, async (test) => {
      const tally = await runRound(powerCuts, seed)

      test.diagnostic(JSON.stringify(tally))
      assert.ok((tally.survivors ?? 0) > 0, 'nothing was there to be lost')
    })
  }
})

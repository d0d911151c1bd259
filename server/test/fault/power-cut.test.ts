import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cutPowerOf, powerCuts } from '../prove/power-cut.ts'
import { runRound } from '../prove/rounds.ts'

describe('a power cut at any moment', { skip: powerCuts.skip }, () => {
  for (const [type, seed] of [
    ['ext4', 1],
    ['xfs', 2],
  ] as const) {
    it(`of a disk with ${type} leaves everything acknowledged whole and nothing half, and the counters right (PUT-07, STOR-08)`, async (test) => {
      const proof = {
        ...powerCuts,
        round: (round: Parameters<typeof powerCuts.round>[0]) => cutPowerOf(type, round),
      }

      const tally = await runRound(proof, seed)

      test.diagnostic(JSON.stringify(tally))
      assert.ok((tally.survivors ?? 0) > 0, 'nothing was there to be lost')
    })
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SINGLES } from '../prove/singles.ts'
import { killAtEach, killSteps } from '../prove/steps.ts'

// Those of `kill-steps.test.ts` are killed before every call; of these the first few, and all by `npm run prove`.
const SINGLES_BESIDE = SINGLES.filter(({ name }) => !/^(PUT|MKCOL|DELETE)/.test(name))
const CALLS = [
  { call: 'rename', most: 1 },
  { call: 'pwrite64', most: 2 },
  { call: 'fdatasync', most: 1 },
] as const

describe('kill -9 before a call that changes the disk', { skip: killSteps.skip }, () => {
  for (const single of SINGLES_BESIDE) {
    it(`leaves a ${single.name} done or not begun, with properties and locks (STOR-08)`, async (test) => {
      const kinds = await killAtEach(test, single, CALLS)

      test.diagnostic(JSON.stringify(kinds))
      assert.notDeepEqual(kinds, {}, 'no kill came in time')
    })
  }
})

import { describe, it } from 'node:test'
import { type ResourcePath, ROOT } from '../../src/core/path.ts'
import { randomFrom, seedOfRun } from '../support/random.ts'
import { churnRace } from './churn.ts'
import { type Filling, fillingRace, TEAM } from './filling.ts'

const LIMITS: readonly (readonly [string, readonly ResourcePath[]])[] = [
  ['the limit of the folder', [ROOT]],
  ['the limit of an inner folder', [TEAM]],
  ['two limits, one in the other', [ROOT, TEAM]],
]

const SIZES: readonly (readonly [string, Pick<Filling, 'sameSize' | 'slackBytes' | 'holding'>])[] = [
  [
    'have room for exactly ten of equal size, with one byte of slack',
    { sameSize: true, slackBytes: 1, holding: 8 },
  ],
  [
    'are refused nothing that would fit at the end, whatever its size',
    { sameSize: false, slackBytes: 1, holding: 8 },
  ],
]

describe('64 connections from eight processes', () => {
  for (const [what, limits] of LIMITS) {
    for (const [title, sizes] of SIZES) {
      it(`${title}, below ${what} (STOR-05, STOR-07)`, async (test) => {
        const seed = seedOfRun()
        test.diagnostic(`SEED=${seed}`)

        const { looks, accepted } = await fillingRace(test, { random: randomFrom(seed), ...sizes, limits })

        test.diagnostic(`${accepted} of 64 accepted, ${looks} looks at ledger and folder`)
      })
    }
  }

  it('pass no limit when they put, copy, move, set and delete at once (QUOTA-17, STOR-05)', async (test) => {
    const seed = seedOfRun()
    test.diagnostic(`SEED=${seed}`)

    const { looks, statuses } = await churnRace(test, randomFrom(seed))

    test.diagnostic(`${JSON.stringify(statuses)}, ${looks} looks at ledger and folder`)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filling } from './filling.ts'
import { GIB, MIB } from './limits.ts'

const HOUR = 3600
const DAY = 24 * HOUR

/** Samples every half minute from `from` on, for as long as `seconds`. */
function observed(
  rate: { readonly from?: number; readonly seconds: number; readonly bytesPerSecond: number },
  filled = filling(),
): ReturnType<typeof filling> {
  const from = rate.from ?? 0
  for (let at = 0; at <= rate.seconds; at += 30) filled.sample(at * rate.bytesPerSecond, from + at)
  return filled
}

const UNKNOWN = { bytesPerDay: null, secondsUntilFull: null }

describe('how fast a space fills', () => {
  it('is unknown until it was observed for an hour (LVL-06)', () => {
    const filled = observed({ seconds: HOUR - 30, bytesPerSecond: 1000 })

    const before = filled.forecast(GIB)
    filled.sample(HOUR * 1000, HOUR)

    assert.deepEqual(before, UNKNOWN)
    assert.deepEqual(filled.forecast(1000), { bytesPerDay: DAY * 1000, secondsUntilFull: 1 })
  })

  it('says when a steady growth reaches the limit, whatever the distance of the samples (LVL-06)', () => {
    const steady = observed({ seconds: 3 * DAY, bytesPerSecond: 100 })
    const rare = filling()
    for (let at = 0; at <= 3 * DAY; at += 7001) rare.sample(at * 100, at)

    for (const filled of [steady, rare]) {
      const { bytesPerDay, secondsUntilFull } = filled.forecast(DAY * 100)
      assert.ok(Math.abs((bytesPerDay ?? 0) / (DAY * 100) - 1) < 0.05, String(bytesPerDay))
      assert.ok(Math.abs((secondsUntilFull ?? 0) / DAY - 1) < 0.05, String(secondsUntilFull))
    }
  })

  it('forgets what is long past (LVL-06)', () => {
    const filled = observed({ seconds: 2 * DAY, bytesPerSecond: 1000 })
    const reached = 2 * DAY * 1000

    for (let at = 30; at <= 7 * DAY; at += 30) filled.sample(reached, 2 * DAY + at)

    assert.ok((filled.forecast(GIB).bytesPerDay ?? 0) < 0.02 * DAY * 1000)
  })

  it('never fills what stays the same or empties, nor what would take more than ten years (LVL-06)', () => {
    const still = observed({ seconds: HOUR, bytesPerSecond: 0 }).forecast(GIB)
    const emptying = observed({ seconds: HOUR, bytesPerSecond: -10 }).forecast(GIB)
    const slow = observed({ seconds: HOUR, bytesPerSecond: 1 }).forecast(1000 * GIB)

    assert.deepEqual(still, { bytesPerDay: 0, secondsUntilFull: null })
    assert.deepEqual(emptying, { bytesPerDay: -10 * DAY, secondsUntilFull: null })
    assert.deepEqual(slow, { bytesPerDay: DAY, secondsUntilFull: null })
  })

  it('is unknown again after a step of the clock, back or far ahead (LVL-06)', () => {
    for (const step of [-HOUR, -DAY, 365 * DAY]) {
      const filled = observed({ seconds: DAY, bytesPerSecond: MIB })

      filled.sample(DAY * MIB, DAY + step)

      assert.deepEqual(filled.forecast(GIB), UNKNOWN, String(step))
      observed({ from: DAY + step, seconds: HOUR, bytesPerSecond: 5 }, filled)
      assert.notEqual(filled.forecast(GIB).bytesPerDay, null)
    }
  })

  it('says nothing that is not a number of two samples at one moment (LVL-06)', () => {
    const filled = observed({ seconds: HOUR, bytesPerSecond: 1 })

    filled.sample(HOUR, HOUR)

    assert.equal(filled.forecast(0).secondsUntilFull, 0)
    assert.equal(filled.forecast(0).bytesPerDay, DAY)
  })
})

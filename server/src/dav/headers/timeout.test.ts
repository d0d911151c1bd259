import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MIN_TIMEOUT_SECONDS, parseTimeout } from './timeout.ts'

const RULES = { maxSeconds: 3600, defaultSeconds: 600 }

describe('parseTimeout', () => {
  const cases: [string | undefined, number, string][] = [
    [undefined, 600, 'LCK-15'],
    ['Second-900', 900, 'LCK-15'],
    ['second-900', 900, 'LCK-15'],
    [' Second-900 ', 900, 'LCK-15'],
    ['Second-3600', 3600, 'LCK-15'],
    ['Second-3601', 3600, 'LCK-15'],
    ['Second-4294967296', 3600, 'LCK-15'],
    [`Second-${'9'.repeat(400)}`, 3600, 'LCK-15'],
    ['Infinite', 3600, 'LCK-15'],
    ['Infinite, Second-900', 3600, 'LCK-15'],
    ['Second-900, Infinite', 900, 'LCK-15'],
    ['Extend-9, Second-900', 900, 'LCK-15'],
    [',, Second-900', 900, 'LCK-15'],
    ['Second-180', 180, 'OFF-01'],
    ['Second-179', 180, 'OFF-01'],
    ['Second-0', 180, 'OFF-01'],
    ['', 600, 'LCK-15'],
    ['900', 600, 'LCK-15'],
    ['Second-', 600, 'LCK-15'],
    ['Second--900', 600, 'LCK-15'],
    ['Second-9.5', 600, 'LCK-15'],
    ['Second-1e3', 600, 'LCK-15'],
    ['Infinity', 600, 'LCK-15'],
    ['Minute-15', 600, 'LCK-15'],
  ]
  for (const [value, seconds, requirement] of cases) {
    it(`grants ${seconds} s for ${value?.slice(0, 30) ?? 'a missing header'} (${requirement})`, () => {
      assert.equal(parseTimeout(value, RULES), seconds)
    })
  }

  it('never grants more than the maximum, be it shorter than the minimum (LCK-15, OFF-01)', () => {
    const short = { maxSeconds: 2, defaultSeconds: 600 }

    for (const value of [undefined, 'Second-1', 'Second-900', 'Infinite']) {
      assert.equal(parseTimeout(value, short), 2)
    }
  })

  it('grants no more than can be answered, even without a maximum (LCK-15)', () => {
    const endless = { maxSeconds: Number.POSITIVE_INFINITY, defaultSeconds: 600 }

    assert.equal(parseTimeout('Infinite', endless), 4_294_967_295)
    assert.equal(parseTimeout('Second-4294967296', endless), 4_294_967_295)
  })

  it('respects a short default where the client has no wish', () => {
    assert.equal(parseTimeout('rubbish', { maxSeconds: 3600, defaultSeconds: 60 }), 60)
  })

  it('never throws and stays within its bounds (LCK-15)', () => {
    const pieces = fc.constantFrom('Second-', 'Infinite', ',', ' ', '0', '7', '-', '.')

    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: pieces })), (value) => {
        const seconds = parseTimeout(value, RULES)

        assert.ok(Number.isInteger(seconds) && seconds >= MIN_TIMEOUT_SECONDS && seconds <= 3600)
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatHttpDate, parseHttpDate } from './http-date.ts'

const NOW_MS = Date.UTC(2026, 5, 15, 12)
const EXAMPLE_MS = Date.UTC(1994, 10, 6, 8, 49, 37)

describe('parseHttpDate', () => {
  const dates: [string, number][] = [
    ['Sun, 06 Nov 1994 08:49:37 GMT', EXAMPLE_MS],
    ['Sunday, 06-Nov-94 08:49:37 GMT', EXAMPLE_MS],
    ['Sun Nov  6 08:49:37 1994', EXAMPLE_MS],
    ['Wed Nov 16 08:49:37 1994', EXAMPLE_MS + 10 * 86_400_000],
    [' Sun, 06 Nov 1994 08:49:37 GMT ', EXAMPLE_MS],
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
  ]
  for (const [value, ms] of dates) {
    it(`reads ${value} (RFC 9110 §5.6.7)`, () => {
      assert.equal(parseHttpDate(value, NOW_MS), ms)
    })
  }

  it('takes a two-digit year as the past when it would be more than 50 years ahead (RFC 9110 §5.6.7)', () => {
    const yearOf = (value: string, nowMs = NOW_MS) =>
      new Date(parseHttpDate(value, nowMs) ?? Number.NaN).getUTCFullYear()

    assert.equal(yearOf('Monday, 01-Jan-26 00:00:00 GMT'), 2026)
    assert.equal(yearOf('Monday, 01-Jan-76 00:00:00 GMT'), 2076)
    assert.equal(yearOf('Monday, 31-Dec-76 00:00:00 GMT'), 1976)
    assert.equal(yearOf('Monday, 01-Jan-77 00:00:00 GMT'), 1977)
    assert.equal(yearOf('Monday, 01-Jan-25 00:00:00 GMT'), 2025)
    assert.equal(yearOf('Monday, 01-Jan-05 00:00:00 GMT', Date.UTC(2096, 0, 1)), 2105)
  })

  const broken = [
    '',
    'yesterday',
    '784111777',
    '1994-11-06T08:49:37Z',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Thu, 29 Feb 2023 00:00:00 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sunday, 31-Feb-94 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
  ]
  for (const value of broken) {
    it(`does not take ${JSON.stringify(value)} for a date (HTTP-41, HTTP-42)`, () => {
      assert.equal(parseHttpDate(value, NOW_MS), null)
    })
  }
})

describe('formatHttpDate', () => {
  it('writes an IMF-fixdate and cuts the fraction off (HTTP-27)', () => {
    assert.equal(formatHttpDate(EXAMPLE_MS + 999), 'Sun, 06 Nov 1994 08:49:37 GMT')
  })

  it('keeps to four digits of a year, whatever a file system says', () => {
    assert.equal(formatHttpDate(8.64e15), 'Fri, 31 Dec 9999 23:59:59 GMT')
    assert.equal(formatHttpDate(-8.64e15), 'Sat, 01 Jan 0000 00:00:00 GMT')
  })

  it('is read back as the same second', () => {
    const anyMs = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 })

    fc.assert(
      fc.property(anyMs, (ms) => {
        assert.equal(parseHttpDate(formatHttpDate(ms), NOW_MS), Math.floor(ms / 1000) * 1000)
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatHttpDate } from './http-date.ts'
import { ifRangeHolds, MAX_RANGES, parseRange } from './range.ts'

/** `0-9 20-29` for two ranges, so that tables stay readable. */
function shown(value: string | undefined, totalBytes: number): string | null {
  const ranges = parseRange(value, totalBytes)
  if (ranges === null || ranges === 'unsatisfiable') return ranges
  return ranges.map(({ first, last }) => `${first}-${last}`).join(' ')
}

function separate(count: number): string {
  return `bytes=${Array.from({ length: count }, (_, index) => `${index * 10}-${index * 10}`).join(',')}`
}

describe('parseRange', () => {
  const cases: [string | undefined, number, string | null, string][] = [
    [undefined, 100, null, 'HTTP-47'],
    ['bytes=0-9', 100, '0-9', 'HTTP-47'],
    ['bytes=0-0', 100, '0-0', 'HTTP-47'],
    ['bytes=90-', 100, '90-99', 'HTTP-47'],
    ['bytes=-10', 100, '90-99', 'HTTP-47'],
    ['bytes=-200', 100, '0-99', 'HTTP-47'],
    ['bytes=90-200', 100, '90-99', 'HTTP-47'],
    ['bytes=0-99999999999999999999', 100, '0-99', 'HTTP-47'],
    ['Bytes=0-9', 100, '0-9', 'HTTP-47'],
    ['bytes=0-9, 20-29', 100, '0-9 20-29', 'HTTP-48'],
    ['bytes=50-59, -5, 0-9', 100, '50-59 95-99 0-9', 'HTTP-48'],
    ['bytes=,0-9 ,, 20-29,', 100, '0-9 20-29', 'HTTP-48'],
    ['bytes=0-9, 200-', 100, '0-9', 'HTTP-48'],
    ['bytes=100-', 100, 'unsatisfiable', 'HTTP-49'],
    ['bytes=200-300, -0', 100, 'unsatisfiable', 'HTTP-49'],
    ['bytes=-0', 100, 'unsatisfiable', 'HTTP-49'],
    ['bytes=0-', 0, 'unsatisfiable', 'HTTP-49'],
    ['bytes=-5', 0, 'unsatisfiable', 'HTTP-49'],
    ['items=0-9', 100, null, 'HTTP-50'],
    ['bytes', 100, null, 'HTTP-50'],
    ['bytes=', 100, null, 'HTTP-50'],
    ['bytes=,', 100, null, 'HTTP-50'],
    ['bytes=-', 100, null, 'HTTP-50'],
    ['bytes=a-b', 100, null, 'HTTP-50'],
    ['bytes=0-9-', 100, null, 'HTTP-50'],
    ['bytes=9-0', 100, null, 'HTTP-50'],
    ['bytes=0-9, 30-20', 100, null, 'HTTP-50'],
    ['bytes=300-200', 100, null, 'HTTP-50'],
    ['bytes=+1-2', 100, null, 'HTTP-50'],
    ['bytes = 0-9', 100, null, 'HTTP-50'],
    ['bytes=0-9,5-19', 100, '0-19', 'HTTP-50'],
    ['bytes=0-9,10-19', 100, '0-19', 'HTTP-50'],
    ['bytes=0-9,11-19', 100, '0-9 11-19', 'HTTP-50'],
    ['bytes=50-59,0-29,10-19,55-', 100, '50-99 0-29', 'HTTP-50'],
    ['bytes=10-19,50-59,0-10', 100, '0-19 50-59', 'HTTP-50'],
    ['bytes=0-,0-,0-,0-', 100, '0-99', 'HTTP-50'],
  ]
  for (const [value, totalBytes, expected, requirement] of cases) {
    it(`reads ${value ?? 'no Range'} of ${totalBytes} bytes as ${expected ?? 'nothing to heed'} (${requirement})`, () => {
      assert.equal(shown(value, totalBytes), expected)
    })
  }

  it('ignores more ranges than anybody needs, counted after joining (HTTP-50)', () => {
    assert.equal(parseRange(separate(MAX_RANGES), 1000)?.length, MAX_RANGES)
    assert.equal(parseRange(separate(MAX_RANGES + 1), 1000), null)
    assert.equal(shown(`bytes=${'0-,'.repeat(1000)}5-6`, 1000), '0-999')
  })

  it('asks for each byte once, for exactly the asked ones, and never beyond the end (HTTP-47, HTTP-50)', () => {
    const offset = fc.integer({ min: 0, max: 40 })
    const asked = fc.array(
      fc.tuple(offset, offset).map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const),
      {
        minLength: 1,
        maxLength: 12,
      },
    )

    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: 30 }), (pairs, totalBytes) => {
        const ranges = parseRange(
          `bytes=${pairs.map(([first, last]) => `${first}-${last}`).join(',')}`,
          totalBytes,
        )

        const served: number[] = []
        for (const { first, last } of Array.isArray(ranges) ? ranges : []) {
          for (let at = first; at <= last; at++) served.push(at)
        }
        const wanted = Array.from({ length: totalBytes }, (_, at) => at).filter((at) =>
          pairs.some(([first, last]) => first <= at && at <= last),
        )
        assert.deepEqual(
          served.sort((one, other) => one - other),
          wanted,
        )
        assert.equal(ranges === 'unsatisfiable', wanted.length === 0)
      }),
    )
  })
})

describe('ifRangeHolds', () => {
  const MODIFIED_MS = Date.UTC(2026, 0, 1, 12, 0, 0, 400)
  const FILE = { etag: '"a"', modifiedMs: MODIFIED_MS, nowMs: MODIFIED_MS + 60_000 }
  const DATE = formatHttpDate(MODIFIED_MS)

  it('needs a strong match of the entity tag (HTTP-43)', () => {
    assert.equal(ifRangeHolds('"a"', FILE), true)
    assert.equal(ifRangeHolds(' "a" ', FILE), true)
    assert.equal(ifRangeHolds('"b"', FILE), false)
    assert.equal(ifRangeHolds('W/"a"', FILE), false)
    assert.equal(ifRangeHolds('W/"a"', { ...FILE, etag: 'W/"a"' }), false)
    assert.equal(ifRangeHolds('"a"', { ...FILE, etag: null }), false)
  })

  it('needs exactly the date of Last-Modified (HTTP-43)', () => {
    assert.equal(ifRangeHolds(DATE, FILE), true)
    assert.equal(ifRangeHolds(formatHttpDate(MODIFIED_MS + 1000), FILE), false)
    assert.equal(ifRangeHolds(formatHttpDate(MODIFIED_MS - 1000), FILE), false)
    assert.equal(ifRangeHolds(DATE, { ...FILE, modifiedMs: null }), false)
  })

  it('does not trust a date whose second still runs (HTTP-43)', () => {
    assert.equal(ifRangeHolds(DATE, { ...FILE, nowMs: MODIFIED_MS + 599 }), false)
    assert.equal(ifRangeHolds(DATE, { ...FILE, nowMs: MODIFIED_MS + 600 }), true)
    assert.equal(ifRangeHolds(DATE, { ...FILE, nowMs: MODIFIED_MS - 5000 }), false)
  })

  it('sends the whole when the header cannot be read (HTTP-43)', () => {
    for (const value of ['', 'a', '*', '"a", "b"', 'soon'])
      assert.equal(ifRangeHolds(value, FILE), false, value)
  })
})

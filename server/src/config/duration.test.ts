import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatDuration, parseDuration } from './duration.ts'

describe('a span of time', () => {
  it('is read as people write it', () => {
    const read = ['90', '90s', '30min', '12h', '7d', '2 w', '0'].map(parseDuration)

    assert.deepEqual(read, [90, 90, 1800, 43_200, 604_800, 1_209_600, 0])
  })

  it('is refused with what was wrong and how it is written', () => {
    for (const text of ['', 'soon', '-1d', '1.5h', '7 days', '1y']) {
      assert.throws(() => parseDuration(text), /is not a span of time. Write for example/)
    }
    assert.throws(() => parseDuration('99999d'), /too long: the most is ten years/)
  })

  it('is shown in the largest unit that loses nothing', () => {
    assert.deepEqual([0, 90, 1800, 43_200, 1_209_600].map(formatDuration), [
      '0s',
      '90s',
      '30min',
      '12h',
      '14d',
    ])
  })
})

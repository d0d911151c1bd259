import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatSize } from '../core/format-size.ts'
import { parseSize, showExactly } from './size.ts'

describe('a size', () => {
  it('is a plain number of bytes where no unit is given', () => {
    assert.equal(parseSize('1048576'), 1_048_576)
    assert.equal(parseSize('0'), 0)
    assert.equal(parseSize('12B'), 12)
  })

  it('counts KB by 1000 and KiB by 1024', () => {
    assert.equal(parseSize('10GB'), 10_000_000_000)
    assert.equal(parseSize('10GiB'), 10 * 1024 ** 3)
  })

  it('counts a bare letter by 1024', () => {
    assert.equal(parseSize('500k'), 512_000)
    assert.equal(parseSize('2T'), 2 * 1024 ** 4)
  })

  it('may be written in any case and with a space', () => {
    assert.equal(parseSize(' 10 gib '), parseSize('10GiB'))
    assert.equal(parseSize('3 mb'), 3_000_000)
  })

  it('may be a fraction of a unit, rounded down to whole bytes', () => {
    assert.equal(parseSize('1.5 MiB'), 1_572_864)
    assert.equal(parseSize('0.3KiB'), 307)
    assert.equal(parseSize('4.35KB'), 4350)
  })

  it('is exact up to the largest safe integer and refused above it', () => {
    assert.equal(parseSize('9007199254740991'), Number.MAX_SAFE_INTEGER)
    assert.throws(() => parseSize('9007199254740992'), /too large/)
    assert.throws(() => parseSize('8PiB'), /too large/)
  })

  it('is shown with the exact number where that is another one', () => {
    assert.equal(showExactly(4096), '4 KiB')
    assert.equal(showExactly(10_000), '9.76 KiB (10000 bytes)')
    assert.equal(showExactly(Number.MAX_SAFE_INTEGER), '7.99 PiB (9007199254740991 bytes)')
  })

  it('is refused with examples where it cannot be understood', () => {
    for (const text of ['', 'GiB', 'ten', '1,5GB', '1e9', '0x10', '1 2', 'NaN', '.5G', '9'.repeat(31)]) {
      assert.throws(() => parseSize(text), /is not a size.*Write for example/, text)
    }
    assert.throws(() => parseSize('-1GB'), /negative/)
    assert.throws(() => parseSize('10XB'), /"XB" is not a unit/)
    assert.throws(() => parseSize('1.5'), /fraction of a byte/)
  })

  it('is shown to people in units of 1024 with at most three digits', () => {
    assert.equal(formatSize(0), '0 B')
    assert.equal(formatSize(734), '734 B')
    assert.equal(formatSize(4096), '4 KiB')
    assert.equal(formatSize(1.5 * 1024 ** 3), '1.5 GiB')
    assert.equal(formatSize(Number.MAX_SAFE_INTEGER), '7.99 PiB')
  })

  it('is never shown larger than it is', () => {
    assert.equal(formatSize(1024 ** 2 - 1), '1023 KiB')
    assert.equal(formatSize(1.999 * 1024 ** 2), '1.99 MiB')
  })
})

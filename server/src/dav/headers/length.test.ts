import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError } from '../../core/errors.ts'
import { parseByteCount } from './length.ts'

describe('parseByteCount', () => {
  it('reads decimal digits, also with white space around them (APL-04, NC-03)', () => {
    assert.equal(parseByteCount('OC-Total-Length', '0'), 0)
    assert.equal(parseByteCount('OC-Total-Length', ' 1048576\t'), 1_048_576)
    assert.equal(parseByteCount('Content-Length', '007'), 7)
    assert.equal(parseByteCount('Content-Length', '9007199254740991'), Number.MAX_SAFE_INTEGER)
  })

  it('says null where the header was not sent', () => {
    assert.equal(parseByteCount('Content-Length', undefined), null)
  })

  for (const value of [
    '',
    ' ',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    '1 2',
    '5, 5',
    '１',
    '9007199254740992',
    '9007199254740993',
    '9'.repeat(400),
  ]) {
    it(`refuses ${JSON.stringify(value.slice(0, 20))} and names the header (HTTP-18)`, () => {
      assert.throws(
        () => parseByteCount('X-Expected-Entity-Length', value),
        (error: unknown) =>
          error instanceof DavError &&
          error.code === 'bad-request' &&
          error.message.includes('X-Expected-Entity-Length'),
      )
    })
  }
})

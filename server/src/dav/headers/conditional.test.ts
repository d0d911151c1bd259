import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError } from '../../core/errors.ts'
import { parseConditions } from './conditional.ts'

const NOW_MS = Date.UTC(2026, 0, 1)

function conditionsOf(headers: Record<string, string>) {
  return parseConditions((name) => headers[name], NOW_MS)
}

describe('parseConditions', () => {
  it('says null for what was not sent (HTTP-44)', () => {
    assert.deepEqual(conditionsOf({}), {
      ifMatch: null,
      ifNoneMatch: null,
      ifModifiedSinceMs: null,
      ifUnmodifiedSinceMs: null,
    })
  })

  it('reads all four headers (HTTP-38 to HTTP-42)', () => {
    const conditions = conditionsOf({
      'if-match': '"a", W/"b"',
      'if-none-match': '*',
      'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT',
      'if-unmodified-since': 'Sunday, 06-Nov-94 08:49:38 GMT',
    })

    assert.deepEqual(conditions, {
      ifMatch: [
        { weak: false, tag: '"a"' },
        { weak: true, tag: '"b"' },
      ],
      ifNoneMatch: '*',
      ifModifiedSinceMs: Date.UTC(1994, 10, 6, 8, 49, 37),
      ifUnmodifiedSinceMs: Date.UTC(1994, 10, 6, 8, 49, 38),
    })
  })

  it('ignores a date that cannot be read (HTTP-41, HTTP-42)', () => {
    const conditions = conditionsOf({ 'if-modified-since': 'soon', 'if-unmodified-since': '0' })

    assert.equal(conditions.ifModifiedSinceMs, null)
    assert.equal(conditions.ifUnmodifiedSinceMs, null)
  })

  it('refuses a broken list of entity tags and names the header (HTTP-38, HTTP-39)', () => {
    for (const [header, name] of [
      ['if-match', 'If-Match'],
      ['if-none-match', 'If-None-Match'],
    ] as const) {
      assert.throws(
        () => conditionsOf({ [header]: '"a' }),
        (error: unknown) =>
          error instanceof DavError && error.code === 'bad-request' && error.message.startsWith(name),
      )
    }
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DavError } from '../../core/errors.ts'
import { parseEntityTag, parseEntityTags } from './entity-tags.ts'

describe('parseEntityTags', () => {
  it('reads the asterisk (HTTP-38)', () => {
    assert.equal(parseEntityTags('If-Match', ' * '), '*')
  })

  const lists: [string, string[]][] = [
    ['"a"', ['"a"']],
    ['""', ['""']],
    ['W/"a"', ['W/"a"']],
    ['"a", W/"b","c"', ['"a"', 'W/"b"', '"c"']],
    ['"a,b" , "c"', ['"a,b"', '"c"']],
    [' ,, "a" ,\t, "b" ,', ['"a"', '"b"']],
    ['"\xe9!#~"', ['"\xe9!#~"']],
  ]
  for (const [value, tags] of lists) {
    it(`reads ${value} (HTTP-38, HTTP-40)`, () => {
      const found = parseEntityTags('If-Match', value)

      assert.ok(found !== '*')
      assert.deepEqual(
        found.map(({ weak, tag }) => (weak ? `W/${tag}` : tag)),
        tags,
      )
    })
  }

  for (const value of [
    '',
    ',',
    'a',
    '"a',
    'a"',
    "'a'",
    'w/"a"',
    'W/a',
    'W/ "a"',
    '"a" "b"',
    '"a""b"',
    '"a b"',
    '*, "a"',
    '"a", *',
    '"a";',
  ]) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => parseEntityTags('If-Match', value),
        (error: unknown) =>
          error instanceof DavError && error.code === 'bad-request' && error.message.includes('If-Match'),
      )
    })
  }

  it('reads a tag without quotes in If-None-Match, as Joplin sends it, and nowhere else (HTTP-40, JOP-01)', () => {
    const bare = 'JoplinIgnore-1700000000'

    assert.deepEqual(parseEntityTags('If-None-Match', bare), [{ weak: false, tag: `"${bare}"` }])
    assert.throws(() => parseEntityTags('If-Match', bare), { code: 'bad-request' })
  })

  it('throws nothing but DavError', () => {
    const anyValue = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('"', ',', ' ', 'W/', 'a', '*') }),
    )

    fc.assert(
      fc.property(anyValue, (value) => {
        try {
          parseEntityTags('If-Match', value)
        } catch (error) {
          assert.ok(error instanceof DavError)
        }
      }),
    )
  })

  it('reads every list that it could have been given', () => {
    const tag = fc.tuple(fc.boolean(), fc.stringMatching(/^"[!#-~]*"$/)).map(([weak, tag]) => ({ weak, tag }))

    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
        const value = tags.map((one) => (one.weak ? `W/${one.tag}` : one.tag)).join(', ')

        assert.deepEqual(parseEntityTags('If-Match', value), tags)
      }),
    )
  })
})

describe('parseEntityTag', () => {
  it('reads exactly one tag and nothing around it (HTTP-43)', () => {
    assert.deepEqual(parseEntityTag('W/"a"'), { weak: true, tag: '"a"' })
    for (const value of ['"a", "b"', '"a" ', 'a', '', 'Sun, 06 Nov 1994 08:49:37 GMT']) {
      assert.equal(parseEntityTag(value), null, value)
    }
  })
})

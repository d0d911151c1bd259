import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DavError } from '../../core/errors.ts'
import type { IfHeader, IfList } from '../../core/if.ts'
import { MAX_IF_CONDITIONS, MAX_IF_LISTS, parseIf } from './if.ts'

const OPTIONS = { basePath: '/dav', host: 'example.org' }

/** One line for each list, so that tables stay readable. */
function shown(value: string, options = OPTIONS): string[] {
  return (parseIf(value, options)?.lists ?? []).map(shownList)
}

function shownList({ resource, conditions }: IfList): string {
  const parts = conditions.map((condition) => {
    const state =
      'token' in condition ? condition.token : `[${condition.etag.weak ? 'W/' : ''}${condition.etag.tag}]`
    return condition.negated ? `not ${state}` : state
  })
  return `${resource ?? 'request'}: ${parts.join(' ')}`
}

function refuses(value: string, says: RegExp): void {
  assert.throws(
    () => parseIf(value, OPTIONS),
    (error: unknown) => error instanceof DavError && error.code === 'bad-request' && says.test(error.message),
    `${value.slice(0, 60)} should be refused: ${says}`,
  )
}

describe('parseIf', () => {
  it('says null where the header was not sent', () => {
    assert.equal(parseIf(undefined, OPTIONS), null)
  })

  const accepted: [string, string[], string][] = [
    ['(<urn:uuid:1>)', ['request: urn:uuid:1'], 'IF-01'],
    ['(<urn:uuid:1>) (<urn:uuid:2>)', ['request: urn:uuid:1', 'request: urn:uuid:2'], 'IF-01'],
    ['</dav/a> (<t:1>) (<t:2>)', ['/a: t:1', '/a: t:2'], 'IF-01'],
    ['</dav/a> (<t:1>) </dav/b> (<t:2>)', ['/a: t:1', '/b: t:2'], 'IF-01'],
    ['</dav/a>(<t:1>)(<t:2>)</dav/b>(<t:3>)', ['/a: t:1', '/a: t:2', '/b: t:3'], 'IF-01'],
    ['(<t:1> <t:2> ["a"])', ['request: t:1 t:2 ["a"]'], 'IF-02'],
    ['(<t:1><t:2>["a"]["b"])', ['request: t:1 t:2 ["a"] ["b"]'], 'IF-02'],
    ['(Not <t:1> <t:2>)', ['request: not t:1 t:2'], 'IF-03'],
    ['(not<t:1> NOT ["a"] nOt["b"])', ['request: not t:1 not ["a"] not ["b"]'], 'IF-03'],
    ['(Not <DAV:no-lock>)', ['request: not DAV:no-lock'], 'IF-04'],
    ['([W/"a"] ["a]b>("])', ['request: [W/"a"] ["a]b>("]'], 'IF-09'],
    ['([ "a" ])', ['request: ["a"]'], 'IF-09'],
    ['  (\t<t:1>   ["a"] )\t( <t:2>)  ', ['request: t:1 ["a"]', 'request: t:2'], 'IF-11'],
    ['(urn:uuid:1 ["a"] Not urn:uuid:2)', ['request: urn:uuid:1 ["a"] not urn:uuid:2'], 'IF-15'],
    ['(notify:1)', ['request: notify:1'], 'IF-15'],
    ['(<data:,7>)', ['request: data:,7'], 'IF-12'],
    ['<http://example.org/dav/a> (<t:1>)', ['/a: t:1'], 'IF-10'],
    ['<HTTPS://EXAMPLE.org:443/dav/%41%20/> (<t:1>)', ['/A : t:1'], 'IF-10'],
    ['</dav> (<t:1>)', ['/: t:1'], 'IF-10'],
    ['</dav/a b> (<t:1>)', ['/a b: t:1'], 'IF-10'],
    ['<http://example.com/dav/a> (<t:1>)', ['elsewhere: t:1'], 'IF-10'],
    ['<http://example.org:8080/dav/a> (<t:1>)', ['elsewhere: t:1'], 'IF-10'],
    ['<ftp://example.org/dav/a> (<t:1>)', ['elsewhere: t:1'], 'IF-10'],
    ['</a> (<t:1>)', ['elsewhere: t:1'], 'IF-10'],
    ['</dav/.plimsoll> (<t:1>)', ['elsewhere: t:1'], 'IF-10'],
    [`</dav/${'x'.repeat(256)}> (<t:1>)`, ['elsewhere: t:1'], 'IF-10'],
  ]
  for (const [value, lists, requirement] of accepted) {
    it(`reads ${value.slice(0, 60)} (${requirement})`, () => {
      assert.deepEqual(shown(value), lists)
    })
  }

  const refused: [string, RegExp, string][] = [
    ['', /character 1: "\(" was expected/, 'IF-11'],
    ['()', /character 2: a state token/, 'IF-11'],
    ['( )', /character 3: a state token/, 'IF-11'],
    ['(', /character 2: a state token/, 'IF-11'],
    ['(<t:1>', /character 7: a state token/, 'IF-11'],
    ['<t:1>', /character 6: "\(" was expected/, 'IF-11'],
    ['</dav/a>', /character 9: "\(" was expected/, 'IF-11'],
    ['</dav/a> </dav/b> (<t:1>)', /character 10: "\(" was expected/, 'IF-11'],
    ['(<t:1>) </dav/a> (<t:2>)', /character 9: lists with and without a tag/, 'IF-01'],
    ['(<t:1>), (<t:2>)', /character 8: "\(" was expected/, 'IF-11'],
    ['</dav/a> (<t:1>) x', /character 18: "\(" was expected/, 'IF-11'],
    ['(<t:1>))', /character 8: "\(" was expected/, 'IF-11'],
    ['((<t:1>))', /character 2: a state token/, 'IF-11'],
    ['(<t:1', /character 2: a state token/, 'IF-11'],
    ['(<>)', /character 2: a state token/, 'IF-11'],
    ['(<t 1>)', /character 2: the state token is not a URI/, 'IF-11'],
    ['(<token>)', /character 2: the state token is not a URI/, 'IF-11'],
    ['(token)', /character 2: the state token is not a URI/, 'IF-11'],
    ['(Not)', /character 2: the state token is not a URI/, 'IF-11'],
    ['(Not Not <t:1>)', /character 6: the state token is not a URI/, 'IF-11'],
    ['(Not )', /character 6: a state token/, 'IF-11'],
    ['(["a)', /character 2: a state token/, 'IF-09'],
    ['([a])', /character 2: a state token/, 'IF-09'],
    ['(["a" "b"])', /character 2: a state token/, 'IF-09'],
    ['([w/"a"])', /character 2: a state token/, 'IF-09'],
    ['(["a b"])', /character 2: the entity tag is malformed/, 'IF-09'],
    ['("a")', /character 2: a state token/, 'IF-09'],
    ['<> (<t:1>)', /character 1: a URL between/, 'IF-10'],
    ['<a> (<t:1>)', /character 1: /, 'IF-10'],
    ['</dav/../a> (<t:1>)', /character 1: the path segment/, 'IF-10'],
    ['</dav/a> (<t:1>) </dav/%> (<t:1>)', /character 18: the path has a %/, 'IF-10'],
    ['</dav/a#b> (<t:1>)', /character 1: .*fragment/, 'IF-10'],
  ]
  for (const [value, says, requirement] of refused) {
    it(`refuses ${JSON.stringify(value)} and says where (${requirement})`, () => {
      refuses(value, says)
    })
  }

  it('takes any authority where HTTP/1.0 sent no Host', () => {
    assert.deepEqual(
      parseIf('<http://anywhere/a> (<t:1>)', { basePath: '', host: undefined })?.lists.map(shownList),
      ['/a: t:1'],
    )
  })

  it('accepts 100 lists of 100 conditions and refuses more (IF-11)', () => {
    const conditions = '<t:1>'.repeat(MAX_IF_CONDITIONS)
    const most = `(${conditions})`.repeat(MAX_IF_LISTS)

    assert.equal(parseIf(most, OPTIONS)?.lists.length, 100)
    refuses(`${most}(<t:1>)`, /more than 100 lists/)
    refuses(`(${conditions}["a"])`, /more than 100 conditions/)
  })

  it('throws nothing but DavError (IF-11)', () => {
    const pieces = fc.constantFrom('(', ')', '<', '>', '[', ']', '"', 'Not', ' ', '/dav/a', 't:1', 'W/', '%')

    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: pieces })), (value) => {
        try {
          parseIf(value, OPTIONS)
        } catch (error) {
          assert.ok(error instanceof DavError && error.code === 'bad-request')
        }
      }),
    )
  })

  it('reads every header that it could have been given (IF-01, IF-02, IF-03)', () => {
    const state = fc.oneof(
      fc.uuid().map((uuid) => ({ token: `urn:uuid:${uuid}` })),
      fc.stringMatching(/^"[!#-~]*"$/).map((tag) => ({ etag: { weak: tag.length % 2 === 0, tag } })),
    )
    const condition = fc.tuple(fc.boolean(), state).map(([negated, of]) => ({ negated, ...of }))
    const conditions = fc.array(condition, { minLength: 1, maxLength: 4 })
    const lists = fc.array(conditions, { minLength: 1, maxLength: 4 })

    fc.assert(
      fc.property(lists, fc.boolean(), fc.constantFrom('', ' ', '\t '), (lists, tagged, space) => {
        const written = lists.map((list, index) => {
          const inside = list.map((one) => {
            const text = 'token' in one ? `<${one.token}>` : `[${one.etag.weak ? 'W/' : ''}${one.etag.tag}]`
            return `${one.negated ? `Not${space}` : ''}${text}`
          })
          return `${tagged ? `</dav/${index}>${space}` : ''}(${inside.join(space)})`
        })

        const expected = lists.map((conditions, index) => ({
          resource: tagged ? `/${index}` : null,
          conditions,
        }))
        assert.deepEqual(parseIf(written.join(space), OPTIONS), { lists: expected } as unknown as IfHeader)
      }),
    )
  })
})

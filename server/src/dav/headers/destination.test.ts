import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DavError, type ErrorCode } from '../../core/errors.ts'
import { isMemberName, resourcePath } from '../../core/path.ts'
import { hrefOf, MAX_SEGMENT_BYTES, MAX_TARGET_BYTES } from '../target.ts'
import { parseDestination } from './destination.ts'

const AT_ROOT = { basePath: '', host: 'example.org' }
const AT_DAV = { basePath: '/dav', host: 'example.org' }

function refuses(value: string | undefined, code: ErrorCode, says = /Destination/, options = AT_ROOT): void {
  assert.throws(
    () => parseDestination(value, options),
    (error: unknown) => error instanceof DavError && error.code === code && says.test(error.message),
    `${value?.slice(0, 60)} should be refused as ${code}: ${says}`,
  )
}

describe('parseDestination', () => {
  const accepted: [string, string, boolean, string][] = [
    ['http://example.org/a', '/a', false, 'URI-17'],
    ['https://example.org/a/', '/a', true, 'URI-17'],
    ['/a/b', '/a/b', false, 'URI-17'],
    ['/a/', '/a', true, 'URI-17'],
    ['/', '/', true, 'URI-17'],
    ['http://example.org', '/', true, 'URI-17'],
    ['HTTP://Example.ORG:80/a', '/a', false, 'URI-09'],
    ['https://example.org:443/a', '/a', false, 'URI-09'],
    ['/%41%c3%A9', '/Aé', false, 'URI-09'],
    ['/%3Fa%3A%23%3B', '/?a:#;', false, 'APL-07'],
    ['//a///b', '/a/b', false, 'URI-17'],
    [' /a ', '/a', false, 'URI-17'],
    ['/a:b', '/a:b', false, 'URI-17'],
  ]
  for (const [value, path, trailingSlash, requirement] of accepted) {
    it(`reads ${JSON.stringify(value)} as ${path} (${requirement})`, () => {
      assert.deepEqual(parseDestination(value, AT_ROOT), { path, trailingSlash })
    })
  }

  it('takes the base path off (URI-17)', () => {
    assert.deepEqual(parseDestination('http://example.org/dav/a', AT_DAV), {
      path: '/a',
      trailingSlash: false,
    })
    assert.deepEqual(parseDestination('/dav', AT_DAV), { path: '/', trailingSlash: false })
  })

  it('takes any authority where HTTP/1.0 sent no Host', () => {
    assert.equal(parseDestination('http://anywhere/a', { basePath: '', host: undefined }).path, '/a')
  })

  it('compares the authority with a Host header that states the port (URI-16)', () => {
    const options = { basePath: '', host: 'Example.org:8080' }

    assert.equal(parseDestination('http://example.org:8080/a', options).path, '/a')
    refuses('http://example.org/a', 'destination-elsewhere', /another host/, options)
  })

  it('refuses a missing header (CM-01)', () => {
    refuses(undefined, 'bad-request', /missing/)
  })

  const refused: [string, ErrorCode, RegExp, string][] = [
    ['', 'bad-request', /begins with a slash/, 'URI-18'],
    ['a', 'bad-request', /begins with a slash, not "a"/, 'URI-18'],
    ['a/b', 'bad-request', /begins with a slash, not "a\/b"/, 'URI-18'],
    ['./a', 'bad-request', /begins with a slash/, 'URI-18'],
    ['<http://example.org/a>', 'bad-request', /begins with a slash/, 'URI-18'],
    ['http://example.com/a', 'destination-elsewhere', /another host/, 'URI-16'],
    ['http://example.org:8080/a', 'destination-elsewhere', /another host/, 'URI-16'],
    ['http://example.org.evil/a', 'destination-elsewhere', /another host/, 'URI-16'],
    ['ftp://example.org/a', 'destination-elsewhere', /not an http/, 'URI-16'],
    ['file:///a', 'destination-elsewhere', /not an http/, 'URI-16'],
    ['http:/a', 'bad-request', /http URL/, 'URI-15'],
    ['http:///a', 'bad-request', /http URL/, 'URI-15'],
    ['http://me@example.org/a', 'bad-request', /http URL/, 'URI-15'],
    ['/%', 'bad-request', /hexadecimal/, 'URI-15'],
    ['/%ff', 'bad-request', /UTF-8/, 'URI-15'],
    ['/a%2Fb', 'bad-request', /not allowed/, 'URI-15'],
    ['/a\\b', 'bad-request', /not allowed/, 'URI-15'],
    ['/a%00', 'bad-request', /not allowed/, 'URI-15'],
    ['/a/../b', 'bad-request', /not allowed/, 'URI-15'],
    ['/a/%2e%2E/b', 'bad-request', /not allowed/, 'URI-15'],
    ['/a#b', 'bad-request', /%23/, 'URI-15'],
    ['/a?b', 'bad-request', /%3F/, 'URI-15'],
    ['http://example.org/a?', 'bad-request', /%3F/, 'URI-15'],
    [`/${'x'.repeat(MAX_SEGMENT_BYTES + 1)}`, 'bad-request', /longer than 255/, 'URI-19'],
    [`/${'x/'.repeat(MAX_TARGET_BYTES / 2)}`, 'bad-request', /longer than 16384/, 'URI-15'],
    ['/.plimsoll', 'forbidden', /reserved/, 'URI-15'],
    ['/a/.Plimsoll/b', 'forbidden', /reserved/, 'URI-15'],
  ]
  for (const [value, code, says, requirement] of refused) {
    it(`refuses ${JSON.stringify(value.slice(0, 40))} as ${code} (${requirement})`, () => {
      refuses(value, code, says)
    })
  }

  it('refuses a place outside the base path, and tells it from a reserved name (URI-16)', () => {
    refuses('/a', 'destination-elsewhere', /outside \/dav/, AT_DAV)
    refuses('/davos/a', 'destination-elsewhere', /outside \/dav/, AT_DAV)
    refuses('http://example.org/', 'destination-elsewhere', /outside \/dav/, AT_DAV)
    refuses('/dav/.plimsoll/a', 'forbidden', /reserved/, AT_DAV)
    refuses('/dav/../a', 'bad-request', /not allowed/, AT_DAV)
  })

  it('reads back every path that an answer names (URI-04, URI-17)', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isMemberName)
    const host = fc.constantFrom('', 'http://example.org', 'https://EXAMPLE.org:443')

    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), host, fc.boolean(), (names, host, collection) => {
        const path = resourcePath(names)

        const href = hrefOf(path, { basePath: '/dav', collection })

        assert.deepEqual(parseDestination(host + href, AT_DAV), { path, trailingSlash: collection })
      }),
    )
  })

  it('throws nothing but DavError', () => {
    const pieces = fc.constantFrom('http:', '//', '/', 'example.org', '..', '%', '2e', '?', '#', 'dav', ' ')

    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: pieces })), (value) => {
        try {
          parseDestination(value, AT_DAV)
        } catch (error) {
          assert.ok(error instanceof DavError)
        }
      }),
    )
  })
})

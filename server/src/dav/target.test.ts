import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DavError, type ErrorCode } from '../core/errors.ts'
import { isMemberName, type ResourcePath, ROOT, resourcePath } from '../core/path.ts'
import { hrefOf, MAX_TARGET_BYTES, parseTarget } from './target.ts'

const AT_ROOT = { basePath: '', host: 'example.org' }
const AT_DAV = { basePath: '/dav', host: 'example.org' }

function refuses(rawTarget: string, code: ErrorCode, options = AT_ROOT): void {
  assert.throws(
    () => parseTarget(rawTarget, options),
    (error: unknown) => error instanceof DavError && error.code === code,
    `${rawTarget.slice(0, 80)} should be refused as ${code}`,
  )
}

function latin1Of(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

describe('parseTarget', () => {
  const accepted: [string, string, boolean, string][] = [
    ['/', '/', true, ''],
    ['/a', '/a', false, ''],
    ['/a/', '/a', true, ''],
    ['/./a/%2e/b', '/a/b', false, ''],
    ['//a///b', '/a/b', false, ''],
    ['/a%20b', '/a b', false, ''],
    ['/%41', '/A', false, ''],
    ['/%c3%a9', '/é', false, ''],
    ['/%C3%A9', '/é', false, ''],
    ['/a?x=1', '/a', false, 'x=1'],
    ['/a/?', '/a', true, ''],
    ['/a?b/?c', '/a', false, 'b/?c'],
    ['/a%3Fb%23c', '/a?b#c', false, ''],
    ['/...', '/...', false, ''],
    ['/a+b', '/a+b', false, ''],
    ['/%EF%BB%BFa', '/\ufeffa', false, ''],
    ['http://example.org', '/', true, ''],
    ['http://example.org/a', '/a', false, ''],
    ['http://example.org?x', '/', true, 'x'],
    ['HTTP://EXAMPLE.org:80/a', '/a', false, ''],
    ['https://example.org:443/a', '/a', false, ''],
  ]
  for (const [rawTarget, path, trailingSlash, query] of accepted) {
    it(`reads ${rawTarget} as ${path} (URI-09, URI-14)`, () => {
      assert.deepEqual(parseTarget(rawTarget, AT_ROOT), { path, trailingSlash, query })
    })
  }

  it('takes bytes that a client forgot to escape as UTF-8', () => {
    assert.equal(parseTarget(latin1Of('/Müller/日本'), AT_ROOT).path, '/Müller/日本')
  })

  const refused: [string, ErrorCode][] = [
    ['/a%2Fb', 'bad-request'],
    ['/a%2fb', 'bad-request'],
    ['/a%5Cb', 'bad-request'],
    ['/a\\b', 'bad-request'],
    ['/a%00', 'bad-request'],
    ['/a%0d%0ab', 'bad-request'],
    ['/a%7f', 'bad-request'],
    ['/%', 'bad-request'],
    ['/%4', 'bad-request'],
    ['/%g1', 'bad-request'],
    ['/% 1', 'bad-request'],
    ['/a/../b', 'bad-request'],
    ['/a/%2e%2E/b', 'bad-request'],
    ['/..', 'bad-request'],
    ['/%ff', 'bad-request'],
    ['/%c3', 'bad-request'],
    ['/%ed%a0%80', 'bad-request'],
    ['/%c0%af', 'bad-request'],
    ['/\xff', 'bad-request'],
    ['/\u0161', 'bad-request'],
    ['/a\u012fb', 'bad-request'],
    ['/frag/#ment', 'bad-request'],
    ['/a?b#c', 'bad-request'],
    ['', 'bad-request'],
    ['a', 'bad-request'],
    ['*', 'bad-request'],
    ['ftp://example.org/a', 'bad-request'],
    ['http:///a', 'bad-request'],
    ['http://me@example.org/a', 'bad-request'],
    ['http://example.com/a', 'misdirected'],
    ['http://example.org:8080/a', 'misdirected'],
    ['/.plimsoll', 'not-found'],
    ['/a/.PLIMSOLL/b', 'not-found'],
  ]
  for (const [rawTarget, code] of refused) {
    it(`refuses ${JSON.stringify(rawTarget)} as ${code} (URI-10, URI-11, URI-12, URI-14, URI-21)`, () => {
      refuses(rawTarget, code)
    })
  }

  it('limits a segment to 255 bytes, counted decoded (URI-19)', () => {
    const longest = '%C3%A9'.repeat(127)

    assert.equal(parseTarget(`/${longest}a`, AT_ROOT).path, `/${'é'.repeat(127)}a`)
    refuses(`/${longest}%C3%A9`, 'target-too-long')
    refuses(`/a/${'x'.repeat(256)}/b`, 'target-too-long')
  })

  it('limits the whole target to 16384 bytes (HTTP-23)', () => {
    const longest = '/x'.repeat(MAX_TARGET_BYTES / 2)

    assert.equal(parseTarget(longest, AT_ROOT).path, longest)
    refuses(`${longest}/`, 'target-too-long')
    refuses(`/?${'q'.repeat(MAX_TARGET_BYTES)}`, 'target-too-long')
  })

  it('accepts the absolute form where HTTP/1.0 sent no Host (URI-14)', () => {
    assert.equal(parseTarget('http://anywhere/a', { basePath: '', host: undefined }).path, '/a')
  })

  it('compares the authority with a Host header that states the port (URI-09)', () => {
    const options = { basePath: '', host: 'Example.org:8080' }

    assert.equal(parseTarget('http://example.ORG:8080/a', options).path, '/a')
    refuses('http://example.org/a', 'misdirected', options)
  })

  it('cuts the base path off, in any spelling', () => {
    const cases: [string, string, boolean][] = [
      ['/dav', '/', false],
      ['/dav/', '/', true],
      ['/dav/a/b/', '/a/b', true],
      ['/%64av//a', '/a', false],
    ]

    for (const [rawTarget, path, trailingSlash] of cases) {
      assert.deepEqual(parseTarget(rawTarget, AT_DAV), { path, trailingSlash, query: '' }, rawTarget)
    }
  })

  it('finds nothing outside the base path', () => {
    for (const rawTarget of ['/', '/davx', '/other/dav', '/DAV/a']) refuses(rawTarget, 'not-found', AT_DAV)
  })

  it('refuses to climb out of the base path or into it (URI-11)', () => {
    for (const rawTarget of ['/dav/../etc', '/../dav/a', '/dav/%2e%2e']) {
      refuses(rawTarget, 'bad-request', AT_DAV)
    }
  })

  it('throws nothing but DavError', () => {
    const anyTarget = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('/', '%', '2', 'e', 'f', '.', '\\', '#', '?', 'a', '\xc3', '\xa9') }),
    )

    fc.assert(
      fc.property(anyTarget, (rest) => {
        try {
          parseTarget(`/${rest}`, AT_ROOT)
        } catch (error) {
          assert.ok(error instanceof DavError)
        }
      }),
    )
  })
})

describe('hrefOf', () => {
  const cases: [string[], boolean, string, string][] = [
    [[], true, '', '/'],
    [[], false, '', '/'],
    [[], true, '/dav', '/dav/'],
    [['a', 'b'], false, '', '/a/b'],
    [['a', 'b'], true, '/dav', '/dav/a/b/'],
    [['a b&c%d#e?f'], false, '', '/a%20b%26c%25d%23e%3Ff'],
    [['é日'], false, '', '/%C3%A9%E6%97%A5'],
    [["it's"], false, '', '/it%27s'],
    [['<"ab">'], false, '/my files', '/my%20files/%3C%22ab%22%3E'],
    [['a\ud800b'], false, '', '/a%EF%BF%BDb'],
  ]
  for (const [segments, collection, basePath, href] of cases) {
    it(`writes ${JSON.stringify(segments)} below ${JSON.stringify(basePath)} as ${href} (URI-01 to URI-04)`, () => {
      assert.equal(hrefOf(resourcePath(segments), { basePath, collection }), href)
    })
  }

  it('needs no escaping in XML, whatever the name (URI-04)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const href = hrefOf(`/${name}` as ResourcePath, { basePath: '', collection: false })

        assert.match(href, /^[A-Za-z0-9\-._~%!*()/]*$/)
      }),
    )
  })

  it('is read back as the same path by parseTarget (URI-04)', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 60 })
      .filter((candidate) => isMemberName(candidate) && candidate.isWellFormed())

    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), fc.boolean(), (segments, collection) => {
        const path = resourcePath(segments)

        const target = parseTarget(hrefOf(path, { basePath: '/dav', collection }), AT_DAV)

        assert.equal(target.path, path)
        assert.equal(target.trailingSlash, collection)
      }),
    )
  })

  it('gives the root of a mount its slash only as a collection (URI-03)', () => {
    assert.equal(hrefOf(ROOT, { basePath: '/dav', collection: false }), '/dav')
  })
})

import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { exchange, head } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'

const ODD_NAMES = [
  'space and  two',
  'amp&lt;er',
  '100%',
  '%41',
  'hash#tag',
  'what?',
  'plus+plus',
  'quote\'s and "double"',
  '<tag>',
  'semi;colon:equals=',
  'Grüße',
  '日本語',
  '🙂',
  'trailing dot.',
  '.hidden',
  '..almost',
  '~tilde',
  '[brackets]',
]

describe('the href of a multistatus (RFC 4918 §8.3)', () => {
  it('is an absolute path, in one form in the whole answer (URI-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /a')
    await ask(server, 'PUT /a/b.txt', { body: 'x' })
    await ask(server, 'MKCOL /a/c')

    for (const target of ['/a/', '/a', `http://${server.host}:${server.port}/a/`, '//a//']) {
      const members = await propfind(server, target, { depth: '1' })
      assert.deepEqual(members.map(({ href }) => href).sort(), ['/a/', '/a/b.txt', '/a/c/'], target)
    }
  })

  it('has no dot segments and begins as the URL that was asked for (URI-02)', async (test) => {
    const server = await serverWith(test, { basePath: '/my dav' })
    await ask(server, 'MKCOL /my%20dav/a')
    await ask(server, 'PUT /my%20dav/a/..b', { body: 'x' })

    const members = await propfind(server, '/my%20dav/a', { depth: '1' })

    assert.deepEqual(members.map(({ href }) => href).sort(), ['/my%20dav/a/', '/my%20dav/a/..b'])
  })

  it('ends with a slash for a collection, and without one for a file (URI-03)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /a')
    await ask(server, 'PUT /b', { body: 'x' })

    const members = await propfind(server, '/', { depth: '1' })

    assert.deepEqual(members.map(({ href }) => href).sort(), ['/', '/a/', '/b'])
  })

  it('is escaped so that every name comes back as it went in (URI-04)', async (test) => {
    const server = await serverWith(test)
    for (const name of ODD_NAMES) {
      await ask(server, `PUT /${encodeURIComponent(name)}`, { body: `content of ${name}` })
    }

    const members = (await propfind(server, '/', { depth: '1' })).slice(1)

    assert.deepEqual(readdirSync(server.folder).filter(notOurs).sort(), [...ODD_NAMES].sort())
    assert.deepEqual(
      members.map(({ href }) => decodeURIComponent(href.slice(1))).sort(),
      [...ODD_NAMES].sort(),
    )
    for (const { href } of members) {
      assert.match(href, /^[\w\-.~!*()/%]+$/)
      assert.equal((await ask(server, `GET ${href}`)).text, `content of ${decodeURIComponent(href.slice(1))}`)
    }
  })
})

describe('a slash at the end of a URL (RFC 4918 §5.2)', () => {
  it('may be missing for a collection, whose real URL is then told (URI-05)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /a%20b')

    const without = await ask(server, 'PROPFIND /a%20b', { headers: { Depth: '0' } })
    const withSlash = await ask(server, 'PROPFIND /a%20b/', { headers: { Depth: '0' } })
    const deleted = await ask(server, 'DELETE /a%20b')

    assert.deepEqual([without.status, without.headers['content-location']], [207, '/a%20b/'])
    assert.deepEqual([withSlash.status, withSlash.headers['content-location']], [207, undefined])
    assert.equal(deleted.status, 204)
  })

  it('may be missing in a browser too: the links of the page still lead to the members (URI-06)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /folder')
    await ask(server, 'PUT /folder/a%20b.txt', { body: 'hello' })

    const page = await fetch(`${server.url}/folder`)
    const [, link = ''] = /<a href="([^"]*a%20b\.txt)"/.exec(await page.text()) ?? []
    const content = await fetch(new URL(link, page.url))

    assert.equal(await content.text(), 'hello')
  })

  it('is refused where a file is put (URI-07)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'old' })

    for (const target of ['/a.txt/', '/new/']) {
      const { status, headers } = await ask(server, `PUT ${target}`, { body: 'new' })
      assert.ok(status === 409 || status === 405, `${target}: ${status}`)
      assert.ok(!headers.allow?.split(', ').includes('PUT'))
    }

    assert.deepEqual(readdirSync(server.folder).filter(notOurs), ['a.txt'])
    assert.equal((await ask(server, 'GET /a.txt')).text, 'old')
  })

  it('makes no difference to MKCOL (URI-08)', async (test) => {
    const server = await serverWith(test)

    for (const target of ['/a', '/b/']) assert.equal((await ask(server, `MKCOL ${target}`)).status, 201)

    assert.deepEqual(readdirSync(server.folder).filter(notOurs).sort(), ['a', 'b'])
  })
})

describe('two spellings of one URL (RFC 3986 §6.2)', () => {
  it('are one resource, however a character is escaped (URI-09)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /A~%c3%a9', { body: 'hello' })

    for (const target of ['/A~%C3%A9', '/%41~%c3%A9', '/%41%7E%c3%a9', '/%41%7e%C3%a9']) {
      assert.equal((await ask(server, `GET ${target}`)).text, 'hello', target)
    }
    assert.deepEqual(readdirSync(server.folder).filter(notOurs), ['A~é'])
  })

  it('are one resource, however the authority is written (URI-09, URI-14)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'hello' })

    for (const [target, host] of [
      ['http://Example.ORG/a.txt', 'example.org'],
      ['HTTP://example.org:80/a.txt', 'EXAMPLE.org'],
      ['http://example.org/a.txt', 'example.org:80'],
    ]) {
      const { status, text } = await ask(server, `GET ${target}`, { headers: { Host: host } })
      assert.deepEqual([status, text], [200, 'hello'], `${target} at ${host}`)
    }
  })

  it('are refused where the authority is another one (URI-14)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'hello' })

    for (const authority of ['other.example', 'example.org:81', 'me@example.org', 'example.org.evil']) {
      const target = `http://${authority}/a.txt`
      const { status } = await ask(server, `DELETE ${target}`, { headers: { Host: 'example.org' } })
      assert.ok(status === 421 || status === 400, `${target}: ${status}`)
    }

    assert.equal((await ask(server, 'GET /a.txt')).status, 200)
  })

  it('are one resource for macOS and for everyone else (URI-13)', async (test) => {
    const server = await serverWith(test)
    const composed = encodeURIComponent('Grüße.txt'.normalize('NFC'))
    const decomposed = encodeURIComponent('Grüße.txt'.normalize('NFD'))
    await ask(server, `PUT /${decomposed}`, { body: 'from macOS' })

    const read = await ask(server, `GET /${composed}`)
    const replaced = await ask(server, `PUT /${composed}`, { body: 'from Linux' })
    const [member] = await propfind(server, `/${composed}`)

    assert.deepEqual([read.text, replaced.status], ['from macOS', 204])
    assert.equal(member?.href, `/${decomposed}`)
    assert.deepEqual(readdirSync(server.folder).filter(notOurs), ['Grüße.txt'.normalize('NFD')])
  })
})

describe('a URL that is refused (RFC 3986, RFC 9112 §3.2)', () => {
  const refused: [string, string, readonly string[]][] = [
    ['an escaped separator', 'URI-10', ['/a%2Fb', '/a%2fb', '/a%5Cb', '/a%5cb', '/a\\b']],
    ['a control character', 'URI-10', ['/a%00b', '/%00', '/a%0Ab', '/a%0D%0Ab', '/a%1Fb', '/a%7Fb']],
    ['a broken escape', 'URI-10', ['/a%', '/a%4', '/a%zz', '/a%u0041']],
    ['a dot segment', 'URI-11', ['/../b', '/a/../b', '/%2e%2e/b', '/%2E%2e/b', '/.%2e/b', '/..', '/a/..']],
    [
      'a name that is not UTF-8',
      'URI-12',
      ['/%FF', '/%C3', '/%C0%AF', '/%E0%80%AF', '/%ED%A0%80', '/%F8%80'],
    ],
    ['a fragment', 'URI-21', ['/a#b', '/a/#b', '/#']],
  ]
  for (const [what, id, targets] of refused) {
    it(`is one with ${what}: nothing is read, made or deleted (${id})`, async (test) => {
      const server = await serverWith(test)
      await ask(server, 'MKCOL /a')
      await ask(server, 'PUT /b', { body: 'kept' })
      const before = await snapshotOf(server)

      for (const target of targets) {
        for (const line of [`GET ${target}`, `PUT ${target}`, `MKCOL ${target}`, `DELETE ${target}`]) {
          const [answer] = await exchange(test, server, head(line, 'Connection: close'))
          assert.equal(answer?.status, 400, line)
        }
      }

      assert.deepEqual(await snapshotOf(server), before)
    })
  }

  it('is none that only looks like dots: it is decoded once (URI-11)', async (test) => {
    const outer = temporaryFolder(test)
    writeFileSync(join(outer, 'secret.txt'), 'secret')
    const server = await serverWith(test, { folder: join(outer, 'served') })

    for (const target of ['/%252e%252e/secret.txt', '/%25252e%25252e/secret.txt', '/.../secret.txt']) {
      assert.equal((await ask(server, `GET ${target}`)).status, 404, target)
    }
  })

  it('is one with a name longer than the file system has (URI-19)', async (test) => {
    const server = await serverWith(test)

    for (const name of ['x'.repeat(256), encodeURIComponent('é'.repeat(128))]) {
      for (const method of ['PUT', 'MKCOL', 'GET', 'DELETE', 'PROPFIND']) {
        assert.equal((await ask(server, `${method} /${name}`)).status, 414, method)
      }
    }
  })

  it('is none with the longest names the file system has, in any script (URI-19)', async (test) => {
    const server = await serverWith(test)

    for (const name of ['x'.repeat(255), 'é'.repeat(127), '日'.repeat(85), '🙂'.repeat(63)]) {
      const { status } = await ask(server, `PUT /${encodeURIComponent(name)}`, { body: 'x' })
      assert.equal(status, 201, name)
    }
  })

  it('is one with a path longer than the file system has (URI-19)', async (test) => {
    const server = await serverWith(test)
    const deepest = await deepestCollection(server, 'x'.repeat(250))

    const answers = [
      await ask(server, `MKCOL ${deepest}/${'x'.repeat(250)}`),
      await ask(server, `PUT ${deepest}/${'x'.repeat(250)}`, { body: 'x' }),
      await ask(server, `PROPFIND ${deepest}/`, { headers: { Depth: '1' } }),
      await ask(server, `DELETE /${'x'.repeat(250)}`),
    ]

    assert.deepEqual(
      answers.map(({ status }) => status),
      [414, 414, 207, 204],
    )
    assert.deepEqual(server.strays(), [])
  })
})

/** Nests collections until the server refuses one. @returns the URL of the last one it made */
async function deepestCollection(server: TestServer, name: string): Promise<string> {
  let at = ''
  for (let depth = 0; depth < 40; depth++) {
    const { status } = await ask(server, `MKCOL ${at}/${name}`)
    if (status !== 201) {
      assert.equal(status, 414)
      return at
    }
    at = `${at}/${name}`
  }
  throw new Error('there was no end to it')
}

function notOurs(name: string): boolean {
  return name !== '.plimsoll'
}

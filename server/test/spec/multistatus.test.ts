import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { asking, childrenOf, type Element, membersOf, parseXml, propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { askLock, lock, setting, transfer, unlock, update } from '../support/spawned.ts'

/** RFC 9112 §4: a status line with a reason. */
const STATUS_LINE = /^HTTP\/1\.1 [2-5]\d\d [A-Z][\w' -]*$/

async function serverWithTree(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 1_000_000, limits: { propertyBytesPerResource: 500 } })
  for (const path of ['/tree', '/tree/sub', '/other']) await ask(server, `MKCOL ${path}`)
  for (const path of ['/a.txt', '/tree/sub/b.txt']) await ask(server, `PUT ${path}`, { body: 'hello' })
  return server
}

/** One request for every way in which a 207 comes about. */
const KINDS: Readonly<Record<string, (server: TestServer) => Promise<Answer>>> = {
  'a PROPFIND': (server) => ask(server, 'PROPFIND /', { headers: { Depth: '1' } }),
  'a PROPFIND for what is not there': (server) =>
    ask(server, 'PROPFIND /tree', { headers: { Depth: '1' }, body: asking('getetag', 'missing') }),
  'a PROPFIND for nothing': (server) =>
    ask(server, 'PROPFIND /tree', { headers: { Depth: '0' }, body: asking() }),
  'a PROPPATCH': (server) => update(server, '/a.txt', setting('z:color', 'red')),
  'a PROPPATCH of a protected property': (server) =>
    update(server, '/a.txt', setting('z:color', 'red') + setting('D:getetag', 'x')),
  'a PROPPATCH that does not fit': (server) =>
    update(server, '/a.txt', setting('z:color', 'red') + setting('z:big', 'x'.repeat(1000))),
  'a LOCK with a locked member': async (server) => {
    await lock(server, '/tree/sub/b.txt')
    return await askLock(server, '/tree')
  },
  'a DELETE with a locked member': async (server) => {
    await lock(server, '/tree/sub/b.txt')
    return await ask(server, 'DELETE /tree')
  },
  'a COPY onto a tree with a locked member': async (server) => {
    await lock(server, '/tree/sub/b.txt')
    return await transfer(server, 'COPY', '/other', '/tree')
  },
  'a MOVE of a tree with a locked member': async (server) => {
    await lock(server, '/tree/sub/b.txt')
    return await transfer(server, 'MOVE', '/tree', '/moved')
  },
}

describe('a 207 (RFC 4918 §13)', () => {
  for (const [what, asks] of Object.entries(KINDS)) {
    it(`has href and either status or propstat in each response, with full status lines: ${what} (MS-01, MS-02, MS-06)`, async (test) => {
      const server = await serverWithTree(test)

      const answer = await asks(server)

      assert.equal(answer.status, 207, answer.text)
      assert.equal(answer.headers['content-type'], 'application/xml; charset="utf-8"')
      const root = parseXml(answer.text)
      assert.equal(root.name, 'DAV:multistatus')
      assert.ok(root.children.length > 0)
      for (const response of root.children) assertSound(response)
    })
  }

  it('has the condition inside the propstat or response it belongs to (MS-03)', async (test) => {
    const server = await serverWithTree(test)
    const refused = await update(server, '/a.txt', setting('z:color', 'red') + setting('D:getetag', 'x'))
    await lock(server, '/tree/sub/b.txt')
    const locked = await ask(server, 'DELETE /tree')

    const [propstats] = parseXml(refused.text).children
    const [response] = parseXml(locked.text).children

    const errors = childrenOf(propstats as Element, 'DAV:propstat').map((propstat) =>
      childrenOf(propstat, 'DAV:error').map(({ children }) => children[0]?.name),
    )
    assert.deepEqual(errors, [['DAV:cannot-modify-protected-property'], []])
    const [error] = childrenOf(response as Element, 'DAV:error')
    assert.deepEqual([error?.children[0]?.name, error?.text], ['DAV:lock-token-submitted', '/tree/sub/b.txt'])
  })

  it('is no place for redirects: a collection without its slash is answered itself (MS-05)', async (test) => {
    const server = await serverWithTree(test)

    const answer = await ask(server, 'PROPFIND /tree', { headers: { Depth: '0' } })

    const [member] = membersOf(answer)
    assert.deepEqual([member?.href, childrenOf(member?.element as Element, 'DAV:location')], ['/tree/', []])
  })

  it('gives every URL in full and escaped, so that clients find their own names in it (MS-01)', async (test) => {
    const server = await serverWithTree(test)
    const path = `/${encodeURIComponent('ü & <b>"c" 100%')}`
    await ask(server, `PUT ${path}`, { body: 'x' })

    const answer = await update(server, path, setting('z:color', 'red'))

    const [response] = parseXml(answer.text).children
    assert.equal(childrenOf(response as Element, 'DAV:href')[0]?.text, path)
  })
})

function assertSound(response: Element): void {
  const hrefs = childrenOf(response, 'DAV:href')
  const statuses = childrenOf(response, 'DAV:status')
  const propstats = childrenOf(response, 'DAV:propstat')
  assert.equal(response.name, 'DAV:response')
  assert.ok(hrefs.length === 1 && hrefs[0]?.text.startsWith('/'), 'one href')
  assert.ok((statuses.length === 1) !== propstats.length > 0, 'either status or propstat')
  // RFC 4918 §14.22, in this order.
  for (const propstat of propstats) {
    assert.match(
      propstat.children.map(({ name }) => name).join(),
      /^DAV:prop,DAV:status(,DAV:error)?(,DAV:responsedescription)?$/,
    )
  }
  const lines = [...statuses, ...propstats.flatMap((propstat) => childrenOf(propstat, 'DAV:status'))]
  for (const { text } of lines) assert.match(text, STATUS_LINE)
}

describe('an error outside a 207 (RFC 4918 §16)', () => {
  const refusals: [string, string, (server: TestServer) => Promise<Answer>][] = [
    ['a locked resource', 'lock-token-submitted', (server) => ask(server, 'PUT /a.txt', { body: 'x' })],
    ['a second lock', 'no-conflicting-lock', (server) => askLock(server, '/a.txt')],
    [
      'an unknown token',
      'lock-token-matches-request-uri',
      (server) => unlock(server, '/a.txt', 'urn:uuid:00000000-0000-4000-8000-000000000000'),
    ],
    [
      'endless depth',
      'propfind-finite-depth',
      (server) => ask(server, 'PROPFIND /', { headers: { Depth: 'infinity' } }),
    ],
  ]
  for (const [what, condition, asks] of refusals) {
    it(`has its condition as the child of a DAV:error: ${what} (MS-04)`, async (test) => {
      const server = await serverWithTree(test)
      await lock(server, '/a.txt')

      const answer = await asks(server)

      const root = parseXml(answer.text)
      assert.ok(answer.status >= 400)
      assert.deepEqual([root.name, root.children[0]?.name], ['DAV:error', `DAV:${condition}`])
    })
  }
})

describe('live properties (RFC 4918 §15)', () => {
  it('say creationdate in the form of RFC 3339 (LP-01)', async (test) => {
    const server = await serverWithTree(test)

    for (const path of ['/a.txt', '/tree']) {
      const text = await textOf(server, path, 'creationdate')
      assert.match(text ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    }
  })

  it('say displayname as the last segment where nobody set one (LP-02)', async (test) => {
    const server = await serverWithTree(test)
    await ask(server, 'PUT /a%26b%20%C3%A9', { body: 'x' })

    assert.equal(await textOf(server, '/a%26b%20%C3%A9', 'displayname'), 'a&b é')
    assert.equal(await textOf(server, '/tree/', 'displayname'), 'tree')
  })

  it('say length, type, ETag and time as GET does (LP-03, LP-04, LP-05, LP-06)', async (test) => {
    const server = await serverWithTree(test)
    await ask(server, 'PUT /b', {
      headers: { 'Content-Type': 'text/x-special; charset=latin1' },
      body: 'four',
    })

    for (const path of ['/a.txt', '/b']) {
      const { headers } = await ask(server, `GET ${path}`)
      const [member] = await propfind(server, path)
      const said = ['getcontentlength', 'getcontenttype', 'getetag', 'getlastmodified'].map(
        (name) => member?.found.get(`DAV:${name}`)?.text,
      )
      const { etag } = headers
      const sent = [headers['content-length'], headers['content-type'], etag, headers['last-modified']]
      assert.deepEqual(said, sent)
      assert.match(etag ?? '', /^"[^"]+"$/)
    }
  })

  it('have no length on collections, and a time in the form of HTTP everywhere (LP-03, LP-06)', async (test) => {
    const server = await serverWithTree(test)

    const [member] = await propfind(server, '/tree')

    assert.equal(member?.found.has('DAV:getcontentlength'), false)
    assert.match(
      member?.found.get('DAV:getlastmodified')?.text ?? '',
      /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
    )
  })

  it('tell collections from files by resourcetype (LP-08)', async (test) => {
    const server = await serverWithTree(test)

    const kinds = await Promise.all(
      ['/a.txt', '/tree', '/'].map(async (path) => {
        const [member] = await propfind(server, path)
        return member?.found.get('DAV:resourcetype')?.children.map(({ name }) => name)
      }),
    )

    assert.deepEqual(kinds, [[], ['DAV:collection'], ['DAV:collection']])
  })
})

async function textOf(server: TestServer, path: string, name: string): Promise<string | undefined> {
  const [member] = await propfind(server, path, { body: asking(name) })
  return member?.found.get(`DAV:${name}`)?.text
}

describe('lockdiscovery and supportedlock (RFC 4918 §15.8, §15.10)', () => {
  it('are there, empty, without a lock; members show the lock they are under, siblings do not (LP-07)', async (test) => {
    const server = await serverWithTree(test)
    const before = await locksOf(server, '/tree/sub/b.txt')
    await lock(server, '/tree')

    const roots = async (path: string) =>
      (await locksOf(server, path)).map((active) => partOf(active, 'lockroot'))

    assert.deepEqual(before, [])
    assert.deepEqual(await roots('/tree/sub/b.txt'), ['/tree'])
    assert.deepEqual([await roots('/a.txt'), await roots('/')], [[], []])
  })

  it('offer exclusive and shared write locks everywhere (LP-09)', async (test) => {
    const server = await serverWithTree(test)

    for (const path of ['/', '/tree', '/a.txt']) {
      const [member] = await propfind(server, path)
      const entries = childrenOf(member?.found.get('DAV:supportedlock') as Element, 'DAV:lockentry')
      const offered = entries.map(({ children }) => children.map((part) => part.children[0]?.name))
      assert.deepEqual(offered, [
        ['DAV:exclusive', 'DAV:write'],
        ['DAV:shared', 'DAV:write'],
      ])
    }
  })
})

/** The locks a resource is said to be under. */
async function locksOf(server: TestServer, path: string): Promise<readonly Element[]> {
  const [member] = await propfind(server, path)
  return childrenOf(member?.found.get('DAV:lockdiscovery') as Element, 'DAV:activelock')
}

function partOf(active: Element | undefined, name: string): string | undefined {
  return active?.children.find((child) => child.name === `DAV:${name}`)?.text
}

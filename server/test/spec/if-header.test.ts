import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { DavError } from '../../src/core/errors.ts'
import { type Answer, ask } from '../support/ask.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { lock, transfer, unlock } from '../support/spawned.ts'

const UNKNOWN = 'urn:uuid:00000000-0000-4000-8000-000000000000'

interface Fixture {
  readonly server: TestServer
  /** Of the lock on `/locked`. */
  readonly token: string
  /** Of `/a`, which is not locked. */
  readonly etag: string
  readonly lockedEtag: string
}

/** `/a` and `/b` are free, `/locked` is locked; nothing is at `/missing`. */
async function fixture(test: TestContext, basePath = ''): Promise<Fixture> {
  const server = await serverWith(test, { limitBytes: 1_000_000, basePath })
  for (const path of ['/a', '/b', '/locked']) await ask(server, `PUT ${basePath}${path}`, { body: path })
  const etagOf = async (path: string) => String((await ask(server, `HEAD ${basePath}${path}`)).headers.etag)
  return {
    server,
    token: await lock(server, `${basePath}/locked`),
    etag: await etagOf('/a'),
    lockedEtag: await etagOf('/locked'),
  }
}

function put(server: TestServer, path: string, If: string): Promise<Answer> {
  return ask(server, `PUT ${path}`, { headers: { If }, body: 'new' })
}

type Header = (fixture: Fixture) => string

describe('an If header (RFC 4918 §10.4)', () => {
  const judged: [string, string, Header, number][] = [
    ['untagged, about the request URL (IF-01)', '/a', ({ etag }) => `([${etag}])`, 204],
    ['untagged, about the request URL alone (IF-01)', '/b', ({ etag }) => `([${etag}])`, 412],
    ['tagged, about what its tag names (IF-01)', '/b', ({ etag }) => `</a> ([${etag}])`, 204],
    [
      'tagged, for every list up to the next tag (IF-01)',
      '/b',
      ({ etag }) => `</a> (["x"]) ([${etag}]) </b> (["x"])`,
      204,
    ],
    ['tagged by another resource (IF-01)', '/a', ({ etag }) => `</b> ([${etag}])`, 412],
    ['with tagged and untagged lists (IF-01)', '/a', ({ etag }) => `([${etag}]) </a> ([${etag}])`, 400],
    ['whose conditions in a list must all hold (IF-02)', '/a', ({ etag }) => `([${etag}] ["x"])`, 412],
    ['of which one list is enough (IF-02)', '/a', ({ etag }) => `(["x"]) ([${etag}])`, 204],
    ['of whose productions one is enough (IF-02)', '/a', ({ etag }) => `</b> (["x"]) </a> ([${etag}])`, 204],
    ['none of whose lists holds (IF-02, IF-13)', '/a', () => '(["x"]) (["y"])', 412],
    ['where Not stands before what is false (IF-03)', '/a', () => '(Not ["x"])', 204],
    ['where Not stands before what is true (IF-03)', '/a', ({ etag }) => `(Not [${etag}])`, 412],
    ['where Not is for the next condition only (IF-03)', '/a', () => '(Not ["x"] ["y"])', 412],
    ['where not is written small (IF-03)', '/a', () => '(not ["x"])', 204],
    ['that is always true (IF-04)', '/a', () => '(Not <DAV:no-lock>)', 204],
    ['that can never be true (IF-04)', '/a', () => '(<DAV:no-lock>)', 412],
    ['with the token of a lock there (IF-05)', '/locked', ({ token }) => `(<${token}>)`, 204],
    ['with the token of a lock elsewhere (IF-05)', '/a', ({ token }) => `(<${token}>)`, 412],
    ['with token and ETag (IF-05, IF-09)', '/locked', (f) => `(<${f.token}> [${f.lockedEtag}])`, 204],
    ['with token and wrong ETag (IF-09)', '/locked', ({ token }) => `(<${token}> ["x"])`, 412],
    ['about the ETag of an unmapped URL (IF-06)', '/missing', () => '(["x"])', 412],
    ['about the token of an unmapped URL (IF-06)', '/missing', ({ token }) => `(<${token}>)`, 412],
    ['denying a state of an unmapped URL (IF-06)', '/missing', () => '(Not ["x"])', 201],
    ['whose token is behind Not (IF-07)', '/locked', ({ token }) => `(Not <${token}>) (Not ["x"])`, 204],
    [
      'whose token is in a false list (IF-07)',
      '/locked',
      ({ token }) => `(<${token}> ["x"]) (Not ["x"])`,
      204,
    ],
    ['whose token is about another resource (IF-07)', '/locked', ({ token }) => `</a> (Not <${token}>)`, 204],
    ['that is true without the token of the lock (IF-08)', '/locked', () => '(Not <DAV:no-lock>)', 423],
    ['that is true by its ETag without the token (IF-08)', '/locked', (f) => `([${f.lockedEtag}])`, 423],
    ['with another token than that of the lock (IF-08)', '/locked', () => `(Not <${UNKNOWN}>)`, 423],
    ['with a weak ETag, which nothing equals (IF-09)', '/a', ({ etag }) => `([W/${etag}])`, 412],
    ['with a weak ETag behind Not (IF-09)', '/a', ({ etag }) => `(Not [W/${etag}])`, 204],
    ['with two equal conditions (IF-02)', '/a', ({ etag }) => `([${etag}] [${etag}])`, 204],
    ['with a token without brackets (IF-15)', '/locked', ({ token }) => `(${token})`, 204],
  ]
  for (const [what, path, header, status] of judged) {
    it(`is answered with ${status}: one ${what}`, async (test) => {
      const made = await fixture(test)
      const before = await snapshotOf(made.server)

      const answer = await put(made.server, path, header(made))

      assert.equal(answer.status, status, answer.text)
      if (status >= 400) assert.deepEqual(await snapshotOf(made.server), before)
    })
  }

  const tags: [string, (server: TestServer) => string, number][] = [
    ['an absolute URL', ({ host, port }) => `http://${host}:${port}/dav/a`, 204],
    ['an absolute URL behind a proxy with TLS', ({ host, port }) => `https://${host}:${port}/dav/a`, 204],
    ['a path', () => '/dav/a', 204],
    ['an escaped path', () => '/d%61v/%61', 204],
    ['doubled slashes', () => '//dav//a', 204],
    ['another host', () => 'http://elsewhere.example/dav/a', 412],
    ['another port', ({ host }) => `http://${host}:1/dav/a`, 412],
    ['another scheme', () => 'ftp://elsewhere.example/a', 412],
    ['a path outside the base path', () => '/a', 412],
  ]
  for (const [what, tagOf, status] of tags) {
    it(`is answered with ${status}: one tagged by ${what} (IF-10)`, async (test) => {
      const { server, etag } = await fixture(test, '/dav')

      const answer = await put(server, '/dav/b', `<${tagOf(server)}> ([${etag}])`)

      assert.equal(answer.status, status)
    })
  }

  it('matches a token anywhere in the scope of its lock, members and new names included (IF-05)', async (test) => {
    const { server } = await fixture(test)
    await ask(server, 'MKCOL /tree')
    await ask(server, 'PUT /tree/old', { body: 'x' })
    const token = await lock(server, '/tree')

    const statuses = await Promise.all(
      ['/tree/old', '/tree/new'].map(async (path) => (await put(server, path, `(<${token}>)`)).status),
    )
    const tagged = await put(server, '/b', `</tree/old> (<${token}>)`)

    assert.deepEqual([...statuses, tagged.status], [204, 201, 204])
  })

  it('does not match outside the scope of a lock of depth 0 (IF-05)', async (test) => {
    const { server } = await fixture(test)
    await ask(server, 'MKCOL /tree')
    await ask(server, 'PUT /tree/old', { body: 'x' })
    const token = await lock(server, '/tree', { depth: '0' })

    const member = await put(server, '/tree/old', `(<${token}>)`)
    const collection = await put(server, '/tree/old', `</tree> (<${token}>)`)

    assert.deepEqual([member.status, collection.status], [412, 204])
  })

  for (const method of [
    'PUT',
    'DELETE',
    'MKCOL',
    'COPY',
    'MOVE',
    'PROPPATCH',
    'LOCK',
    'UNLOCK',
    'GET',
    'HEAD',
    'PROPFIND',
  ]) {
    it(`stops ${method} with 412 when it is false (IF-13)`, async (test) => {
      const { server } = await fixture(test)
      const before = await snapshotOf(server)
      const path = method === 'MKCOL' ? '/new' : '/a'
      const bodies: Record<string, string> = {
        PUT: 'new',
        PROPPATCH: '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><z/></D:prop></D:set></D:propertyupdate>',
        LOCK: '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>',
      }
      const body = bodies[method]

      const answer = await ask(server, `${method} ${path}`, {
        headers: { If: '(["x"])', Destination: '/moved', Depth: 'infinity', 'Lock-Token': `<${UNKNOWN}>` },
        ...(body === undefined ? {} : { body }),
      })

      assert.equal(answer.status, 412)
      assert.deepEqual(await snapshotOf(server), before)
    })
  }

  it('is about the source of a COPY or MOVE where it is untagged, and about whatever its tags name (IF-01)', async (test) => {
    const { server, etag, token } = await fixture(test)
    const copy = (If: string) => transfer(server, 'COPY', '/a', '/locked', { If })

    const source = await copy(`([${etag}])`)
    const wrong = await copy(`(<${token}>)`)
    const destination = await copy(`</locked> (<${token}>)`)

    assert.deepEqual([source.status, wrong.status, destination.status], [423, 412, 204])
  })

  it('is judged only for those who may enter (IF-14)', async (test) => {
    const server = await serverWith(test, {
      authenticate: async ({ authorization }) => {
        if (authorization === undefined) throw new DavError('unauthenticated', 'who is there?')
        return { name: authorization }
      },
    })
    await ask(server, 'PUT /a', { headers: { Authorization: 'alice' }, body: 'x' })

    for (const If of ['(["x"])', '(Not ["x"])', '(Not <DAV:no-lock>)', 'nonsense']) {
      assert.equal((await put(server, '/a', If)).status, 401, If)
    }
  })

  it('is tolerated by UNLOCK beside a Lock-Token without brackets (IF-15)', async (test) => {
    const { server, token } = await fixture(test)

    const bare = await ask(server, 'UNLOCK /locked', { headers: { 'Lock-Token': token } })
    const again = await unlock(server, '/locked', token)

    assert.deepEqual([bare.status, again.status], [204, 409])
  })
})

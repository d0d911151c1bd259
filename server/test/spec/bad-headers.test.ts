import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { propfind } from '../support/multistatus.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { askLock, lockBody, transfer, unlock } from '../support/spawned.ts'

async function serverWithFile(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 10_000_000, basePath: '/dav' })
  await ask(server, 'PUT /dav/a.txt', { body: 'hello' })
  await ask(server, 'MKCOL /dav/tree')
  return server
}

/** Every answer has the status, and nothing is other than before. */
async function assertRefused(
  server: TestServer,
  status: number,
  requests: readonly (() => Promise<Answer>)[],
): Promise<void> {
  const before = await snapshotOf(server)
  for (const request of requests) {
    const answer = await request()
    assert.equal(answer.status, status, answer.text)
  }
  assert.deepEqual(await snapshotOf(server), before)
}

describe('Destination (RFC 4918 §10.3)', () => {
  const refused: [string, number, readonly string[]][] = [
    ['of another host', 502, ['http://elsewhere.example/dav/b', 'http://127.0.0.1:1/dav/b', '//elsewhere/b']],
    ['of another scheme', 502, ['ftp://127.0.0.1/dav/b', 'file:///dav/b', 'mailto:a@example.org']],
    ['outside the base path', 502, ['/b', '/davx/b', '/DAV/b', '/dav2']],
    ['with a reserved name', 403, ['/dav/.plimsoll', '/dav/.PLIMSOLL/state.db', '/dav/tree/.plimsoll/x']],
    [
      'that climbs',
      400,
      ['/dav/../b', '/dav/tree/..', '/dav/%2e%2e/b', '/dav/%2E%2E/b', '/dav/tree/%2e%2e%2fb'],
    ],
    ['with encoded separators', 400, ['/dav/a%2Fb', '/dav/a%5Cb', '/dav/a\\b']],
    ['with control characters', 400, ['/dav/a%00', '/dav/a%0d%0aX: y', '/dav/a%7f']],
    ['that is badly escaped', 400, ['/dav/%', '/dav/%4', '/dav/%zz', '/dav/%ff', '/dav/%c0%af']],
    ['with a query or fragment', 400, ['/dav/b?x', '/dav/b#x', 'http://127.0.0.1/dav/b?x']],
    [
      'that is no URL',
      400,
      ['', 'b', 'dav/b', '.', '*', 'http://', 'http:///dav/b', 'http://a@127.0.0.1/dav/b'],
    ],
    ['with a name that is too long', 400, [`/dav/${'x'.repeat(256)}`]],
  ]
  for (const [what, status, values] of refused) {
    for (const method of ['COPY', 'MOVE'] as const) {
      it(`${what} is refused by ${method} with ${status} (CM-01, URI-10)`, async (test) => {
        const server = await serverWithFile(test)

        await assertRefused(
          server,
          status,
          values.map((value) => () => transfer(server, method, '/dav/a.txt', value)),
        )
      })
    }
  }
})

describe('other header fields', () => {
  const refused: [string, string, Readonly<Record<string, string>>][] = [
    ['COPY with Overwrite maybe (CM-03)', 'COPY /dav/a.txt', { Overwrite: 'maybe', Destination: '/dav/b' }],
    [
      'MOVE with two values of Overwrite (CM-03)',
      'MOVE /dav/a.txt',
      { Overwrite: 'T, F', Destination: '/dav/b' },
    ],
    ['COPY with Depth 1 (CM-09)', 'COPY /dav/tree', { Depth: '1', Destination: '/dav/b' }],
    ['COPY with two values of Depth (CM-09)', 'COPY /dav/tree', { Depth: '0, 0', Destination: '/dav/b' }],
    ['MOVE with Depth 0 (CM-10)', 'MOVE /dav/tree', { Depth: '0', Destination: '/dav/b' }],
    ['DELETE of a tree with Depth 0', 'DELETE /dav/tree', { Depth: '0' }],
    ['LOCK with Depth 1 (LCK-07)', 'LOCK /dav/tree', { Depth: '1' }],
    ['LOCK with Depth -1 (LCK-07)', 'LOCK /dav/tree', { Depth: '-1' }],
    ['PROPFIND with Depth 2 (PF-04)', 'PROPFIND /dav/tree', { Depth: '2' }],
    ['UNLOCK with an empty Lock-Token (LCK-23)', 'UNLOCK /dav/tree', { 'Lock-Token': '' }],
    ['UNLOCK with half a bracket (LCK-23)', 'UNLOCK /dav/tree', { 'Lock-Token': '<urn:uuid:1' }],
    ['UNLOCK with two tokens (LCK-23)', 'UNLOCK /dav/tree', { 'Lock-Token': '<urn:a:1> <urn:a:2>' }],
    ['UNLOCK with what is no URI (LCK-23)', 'UNLOCK /dav/tree', { 'Lock-Token': '<token>' }],
  ]
  for (const [what, line, headers] of refused) {
    it(`are refused with 400: ${what}`, async (test) => {
      const server = await serverWithFile(test)
      const body = line.startsWith('LOCK') ? { body: lockBody() } : {}

      await assertRefused(server, 400, [() => ask(server, line, { headers, ...body })])
    })
  }

  it('may wish for any time: nonsense in Timeout is no error (LCK-15)', async (test) => {
    const server = await serverWithFile(test)

    for (const wish of [
      '',
      ',,,',
      'Second-',
      'Second-1e9',
      'Infinite-1',
      'x'.repeat(5000),
      `Second-${'9'.repeat(500)}`,
    ]) {
      const answer = await askLock(server, '/dav/a.txt', { headers: { Timeout: wish } })
      assert.equal(answer.status, 200, wish)
      await unlock(server, '/dav/a.txt', String(answer.headers['lock-token']).slice(1, -1))
    }
  })
})

describe('a malformed If (RFC 4918 §10.4.2)', () => {
  const headers = [
    '',
    '()',
    '(',
    '(["x"]',
    '["x"]',
    '<urn:a:1>',
    '(<urn:a:1>) junk',
    '(["x"]))',
    '((["x"]))',
    '([x])',
    '(["x)',
    '([W/x])',
    '(Not)',
    '(Not Not ["x"])',
    '(<>)',
    '(<token>)',
    '</dav/a.txt>',
    '</dav/a.txt> </dav/b> (["x"])',
    '</dav/../a> (["x"])',
    '</dav/%zz> (["x"])',
    '(["x"]) </dav/a.txt> (["x"])',
    '(["x"] ["x"] , ["x"])',
    '(["x"])'.repeat(101),
    `(${'["x"] '.repeat(101)})`,
  ]
  for (const If of headers) {
    it(`is refused with 400: ${If.length > 40 ? `${If.slice(0, 20)}… (${If.length} characters)` : `"${If}"`} (IF-01, IF-11)`, async (test) => {
      const server = await serverWithFile(test)

      await assertRefused(server, 400, [
        () => ask(server, 'PUT /dav/a.txt', { headers: { If }, body: 'new' }),
        () => ask(server, 'DELETE /dav/a.txt', { headers: { If } }),
        () => transfer(server, 'MOVE', '/dav/a.txt', '/dav/b', { If }),
      ])
    })
  }
})

describe('a bad body of PROPPATCH (RFC 4918 §8.2, §9.2, §17)', () => {
  const NS = 'xmlns:D="DAV:" xmlns:z="urn:z"'
  const set = (inside: string) => `<D:set><D:prop>${inside}</D:prop></D:set>`
  const whole = (inside: string) => `<D:propertyupdate ${NS}>${inside}</D:propertyupdate>`
  const patch = (server: TestServer, body: string | Buffer) =>
    ask(server, 'PROPPATCH /dav/a.txt', { headers: { 'Content-Type': 'application/xml' }, body })

  const refused: [string, number, string | Buffer][] = [
    ['another root element', 422, `<D:propfind ${NS}>${set('<z:a/>')}</D:propfind>`],
    [
      'the root in a wrong namespace',
      422,
      `<propertyupdate xmlns="dav:">${set('').replaceAll('D:', '')}</propertyupdate>`,
    ],
    ['the root without a namespace', 422, '<propertyupdate><set><prop><a/></prop></set></propertyupdate>'],
    ['only instructions of a wrong namespace', 422, whole('<z:set><D:prop><z:a/></D:prop></z:set>')],
    ['an undeclared prefix', 400, whole(set('<y:a/>'))],
    ['a prefix bound to nothing', 400, whole(set('<y:a xmlns:y=""/>'))],
    ['an attribute twice', 400, whole(set('<z:a b="1" b="2"/>'))],
    [
      'an attribute twice by two prefixes',
      400,
      whole(set('<z:a xmlns:p="urn:p" xmlns:q="urn:p" p:b="1" q:b="2"/>')),
    ],
    ['tags that cross', 400, whole('<D:set><D:prop></D:set></D:prop>')],
    ['a second root', 400, whole(set('<z:a/>')) + whole(set('<z:a/>'))],
    ['no end', 400, '<D:propertyupdate xmlns:D="DAV:"><D:set>'],
    ['a DOCTYPE', 400, `<!DOCTYPE D:propertyupdate>${whole(set('<z:a/>'))}`],
    ['entities of its own', 400, `<!DOCTYPE x [<!ENTITY e "text">]>${whole(set('<z:a>&e;</z:a>'))}`],
    [
      'a billion laughs',
      400,
      `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>${whole(set('<z:a>&b;</z:a>'))}`,
    ],
    ['an undeclared entity', 400, whole(set('<z:a>&nbsp;</z:a>'))],
    ['bytes that are no UTF-8', 400, Buffer.from(whole(set('<z:a>\xff</z:a>')), 'latin1')],
    ['a control character', 400, whole(set('<z:a>&#1;</z:a>'))],
    ['very deep nesting', 400, whole(set('<z:a>'.repeat(100) + '</z:a>'.repeat(100)))],
    ['very many elements', 400, whole(set('<z:a/>'.repeat(20_000)))],
    ['text instead of XML', 400, 'color=red'],
    ['more than 1 MiB', 413, whole(set(`<z:a>${'x'.repeat(1_048_576)}</z:a>`))],
  ]
  for (const [what, status, body] of refused) {
    it(`is refused with ${status}: ${what}`, async (test) => {
      const server = await serverWithFile(test)

      await assertRefused(server, status, [() => patch(server, body)])
    })
  }

  it('with an entity from elsewhere is a 403 that says so', async (test) => {
    const server = await serverWithFile(test)
    const body = `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${whole(set('<z:a>&e;</z:a>'))}`

    const answer = await patch(server, body)

    assert.deepEqual([answer.status, refusalIn(answer.text).condition], [403, 'D:no-external-entities'])
  })

  it('skips elements it does not know, and does the rest (RFC 4918 §17)', async (test) => {
    const server = await serverWithFile(test)
    const inside = `<z:unknown/><D:set><z:skipped><z:no/></z:skipped><D:prop><z:yes>1</z:yes></D:prop></D:set>text`

    const answer = await patch(server, whole(inside))

    const [member] = await propfind(server, '/dav/a.txt')
    assert.equal(answer.status, 207)
    assert.deepEqual([member?.found.get('{urn:z}yes')?.text, member?.found.has('{urn:z}no')], ['1', false])
  })

  it('of a type that is not XML is a 415', async (test) => {
    const server = await serverWithFile(test)

    const answer = await ask(server, 'PROPPATCH /dav/a.txt', {
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    })

    assert.equal(answer.status, 415)
  })
})

describe('a bad body of LOCK (RFC 4918 §9.10.6, §14.11)', () => {
  it('refuses what is no request for a write lock with 422, and no XML with 400 (LCK-29)', async (test) => {
    const server = await serverWithFile(test)
    const info = (inside: string) => `<D:lockinfo xmlns:D="DAV:">${inside}</D:lockinfo>`
    const write = '<D:locktype><D:write/></D:locktype>'
    const exclusive = '<D:lockscope><D:exclusive/></D:lockscope>'
    const bodies: [string, number][] = [
      [info(`${write}<D:lockscope><D:private/></D:lockscope>`), 422],
      [info(`${write}<D:lockscope><D:exclusive/><D:shared/></D:lockscope>`), 422],
      [info(`${exclusive}<D:locktype><D:read/></D:locktype>`), 422],
      [info(exclusive), 422],
      [info(write), 422],
      ['<D:propfind xmlns:D="DAV:"/>', 422],
      ['<D:lockinfo xmlns:D="DAV:">', 400],
      ['nonsense', 400],
    ]

    for (const [body, status] of bodies) {
      assert.equal((await ask(server, 'LOCK /dav/a.txt', { body })).status, status, body)
    }
    assert.equal((await askLock(server, '/dav/a.txt')).status, 200)
  })
})

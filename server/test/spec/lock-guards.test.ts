import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { failures, lock, lockBody, removing, setting, transfer, unlock, update } from '../support/spawned.ts'

/** `/box` holds `/box/file` and `/box/sub/file`; `/free` lies beside it. */
async function serverWithBox(test: TestContext, options: Parameters<typeof serverWith>[1] = {}) {
  const server = await serverWith(test, { limitBytes: 1_000_000, ...options })
  for (const path of ['/box', '/box/sub']) await ask(server, `MKCOL ${path}`)
  for (const path of ['/box/file', '/box/sub/file', '/free'])
    await ask(server, `PUT ${path}`, { body: 'hello' })
  return server
}

type Headers = Readonly<Record<string, string>>
type Write = (server: TestServer, headers: Headers) => Promise<Answer>

/** Every method that writes: what it does, and the status it has where nothing forbids it. */
const WRITES: Readonly<Record<string, readonly [Write, number]>> = {
  'PUT on a member': [(server, headers) => ask(server, 'PUT /box/file', { headers, body: 'new' }), 204],
  'PUT of a new member': [(server, headers) => ask(server, 'PUT /box/new', { headers, body: 'new' }), 201],
  'PROPPATCH on a member': [
    (server, headers) => update(server, '/box/file', setting('z:color', 'red'), headers),
    207,
  ],
  'PROPPATCH on the collection': [
    (server, headers) => update(server, '/box', removing('z:color'), headers),
    207,
  ],
  'MKCOL of a new member': [(server, headers) => ask(server, 'MKCOL /box/new', { headers }), 201],
  'DELETE of a member': [(server, headers) => ask(server, 'DELETE /box/file', { headers }), 204],
  'DELETE of the collection': [(server, headers) => ask(server, 'DELETE /box', { headers }), 204],
  'COPY onto a member': [(server, headers) => transfer(server, 'COPY', '/free', '/box/file', headers), 204],
  'COPY to a new member': [(server, headers) => transfer(server, 'COPY', '/free', '/box/new', headers), 201],
  'MOVE onto a member': [(server, headers) => transfer(server, 'MOVE', '/free', '/box/file', headers), 204],
  'MOVE to a new member': [(server, headers) => transfer(server, 'MOVE', '/free', '/box/new', headers), 201],
  'MOVE of a member': [(server, headers) => transfer(server, 'MOVE', '/box/file', '/moved', headers), 201],
  'MOVE of the collection': [(server, headers) => transfer(server, 'MOVE', '/box', '/moved', headers), 201],
  'LOCK of a new member': [
    (server, headers) => ask(server, 'LOCK /box/new', { headers, body: lockBody({ scope: 'shared' }) }),
    201,
  ],
  'PUT deep below': [(server, headers) => ask(server, 'PUT /box/sub/file', { headers, body: 'new' }), 204],
  'PUT of something new deep below': [
    (server, headers) => ask(server, 'PUT /box/sub/new', { headers, body: 'new' }),
    201,
  ],
}

type Guarded = readonly (keyof typeof WRITES)[]

/** What each kind of lock guards; everything else goes on as if it were not there (RFC 4918 §7.4, §7.5). */
const LOCKS: Readonly<Record<string, { root: string; depth: string; guards: Guarded }>> = {
  'of a member': {
    root: '/box/file',
    depth: '0',
    guards: [
      'PUT on a member',
      'PROPPATCH on a member',
      'DELETE of a member',
      'DELETE of the collection',
      'COPY onto a member',
      'MOVE onto a member',
      'MOVE of a member',
      'MOVE of the collection',
    ],
  },
  'of depth 0 on the collection': {
    root: '/box',
    depth: '0',
    guards: [
      'PUT of a new member',
      'PROPPATCH on the collection',
      'MKCOL of a new member',
      'DELETE of a member',
      'DELETE of the collection',
      'COPY onto a member',
      'COPY to a new member',
      'MOVE onto a member',
      'MOVE to a new member',
      'MOVE of a member',
      'MOVE of the collection',
      'LOCK of a new member',
    ],
  },
  'of infinite depth on the collection': { root: '/box', depth: 'infinity', guards: Object.keys(WRITES) },
}

for (const scope of ['exclusive', 'shared'] as const) {
  for (const [kind, { root, depth, guards }] of Object.entries(LOCKS)) {
    describe(`an ${scope} lock ${kind}`.replace('an shared', 'a shared'), () => {
      for (const [what, [write, status]] of Object.entries(WRITES)) {
        const guarded = guards.includes(what)
        // An exclusive lock forbids every other one, token or not.
        const conflicts = what.startsWith('LOCK') && depth === 'infinity' && scope === 'exclusive'

        if (!guarded) {
          it(`is no matter for ${what} (LCK-19)`, async (test) => {
            const server = await serverWithBox(test)
            await lock(server, root, { depth, scope })

            assert.equal((await write(server, {})).status, status)
          })
          continue
        }

        it(`forbids ${what} without its token, and allows it with it (LCK-18, LCK-19, LCK-20)`, async (test) => {
          const server = await serverWithBox(test)
          const token = await lock(server, root, { depth, scope })
          const before = await snapshotOf(server)

          const without = await write(server, {})
          const after = await snapshotOf(server)
          const withToken = await write(server, { If: `<${root}> (<${token}>)` })

          assert.deepEqual(after, before)
          assertLocked(without, root, what)
          assert.equal(withToken.status, conflicts ? 423 : status)
        })
      }
    })
  }
}

/** Locked as a whole, or by a member that a 207 names; either way with the root of the lock. */
function assertLocked(answer: Answer, root: string, what: string): void {
  if (answer.status === 207) {
    assert.ok(what.endsWith('of the collection'), `${what}: ${answer.text}`)
    assert.deepEqual(failures(answer), { [root]: '423 DAV:lock-token-submitted' })
    return
  }
  assert.equal(answer.status, 423)
  // Where a shared lock may stand beside it, a new one needs the token; where none may, it is a conflict.
  assert.match(
    answer.text,
    new RegExp(`<D:(lock-token-submitted|no-conflicting-lock)><D:href>${root}</D:href>`),
  )
}

describe('a lock token', () => {
  const byName = { authenticate: async ({ authorization = 'nobody' }) => ({ name: authorization }) }

  it('of somebody else is refused with 403, by every method (LCK-17)', async (test) => {
    const server = await serverWithBox(test, byName)
    const token = await lock(server, '/box', { headers: { Authorization: 'alice' } })
    const before = await snapshotOf(server)

    for (const [what, [write]] of Object.entries(WRITES)) {
      const answer = await write(server, { If: `</box> (<${token}>)`, Authorization: 'bob' })
      assert.equal(answer.status, 403, what)
    }

    assert.deepEqual(await snapshotOf(server), before)
  })

  it('of one shared lock is enough where there are several (LCK-06, LCK-18)', async (test) => {
    const server = await serverWithBox(test, byName)
    const [alice] = await Promise.all(
      ['alice', 'bob'].map((name) =>
        lock(server, '/box/file', { scope: 'shared', headers: { Authorization: name } }),
      ),
    )

    const answer = await ask(server, 'PUT /box/file', {
      headers: { If: `(<${alice}>)`, Authorization: 'alice' },
      body: 'new',
    })

    assert.equal(answer.status, 204)
  })

  it('is asked for before a protected or too large property is looked at (LCK-18)', async (test) => {
    const server = await serverWithBox(test)
    await lock(server, '/box/file')

    for (const change of [setting('D:getetag', 'x'), setting('z:big', 'x'.repeat(70_000))]) {
      const answer = await update(server, '/box/file', change)
      const { condition } = refusalIn(answer.text)
      assert.deepEqual([answer.status, condition], [423, 'D:lock-token-submitted'])
    }
  })

  it('is asked for before a condition is judged, and the room after both (LCK-18, IF-08)', async (test) => {
    const server = await serverWithBox(test)
    const token = await lock(server, '/box/file')
    const put = (headers: Headers) => ask(server, 'PUT /box/file', { headers, body: 'x'.repeat(2_000_000) })

    const nothing = await put({ 'If-Match': '"other"' })
    const shown = await put({ 'If-Match': '"other"', If: `(<${token}>)` })
    const both = await put({ If: `(<${token}>)` })

    assert.deepEqual([nothing.status, shown.status, both.status], [423, 412, 507])
  })

  it('is not needed to read (LCK-18)', async (test) => {
    const server = await serverWithBox(test)
    await lock(server, '/box')

    const statuses = await Promise.all(
      ['GET /box/file', 'HEAD /box/file', 'OPTIONS /box', 'PROPFIND /box'].map(
        async (line) => (await ask(server, line, { headers: { Depth: '0' } })).status,
      ),
    )

    assert.deepEqual(statuses, [200, 200, 200, 207])
  })

  it('is of no use after UNLOCK, and nobody needs one any more', async (test) => {
    const server = await serverWithBox(test)
    const token = await lock(server, '/box')
    await unlock(server, '/box', token)

    const stale = await ask(server, 'PUT /box/file', { headers: { If: `(<${token}>)` }, body: 'x' })
    const free = await ask(server, 'PUT /box/file', { body: 'x' })

    assert.deepEqual([stale.status, free.status], [412, 204])
  })

  it('dies with what is deleted, and the name is free (LCK-21)', async (test) => {
    const server = await serverWithBox(test)
    const token = await lock(server, '/box/sub/file')

    const deleted = await ask(server, 'DELETE /box', { headers: { If: `</box/sub/file> (<${token}>)` } })
    for (const path of ['/box', '/box/sub']) await ask(server, `MKCOL ${path}`)
    const again = await ask(server, 'PUT /box/sub/file', { body: 'x' })

    assert.deepEqual([deleted.status, again.status], [204, 201])
  })
})

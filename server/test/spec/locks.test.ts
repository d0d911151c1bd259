import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { childrenOf, type Element, parseXml, propfind } from '../support/multistatus.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { askLock, failures, lock, meaning, unlock } from '../support/spawned.ts'

async function serverWithTree(test: TestContext, options: Parameters<typeof serverWith>[1] = {}) {
  const server = await serverWith(test, options)
  for (const path of ['/tree', '/tree/sub']) await ask(server, `MKCOL ${path}`)
  for (const path of ['/a.txt', '/tree/sub/b.txt']) await ask(server, `PUT ${path}`, { body: 'hello' })
  return server
}

/** Everybody is who the Authorization field says. */
const byName = { authenticate: async ({ authorization = 'nobody' }) => ({ name: authorization }) }

function refresh(server: TestServer, path: string, headers: Record<string, string>): Promise<Answer> {
  return ask(server, `LOCK ${path}`, { headers })
}

/** The locks a resource is said to be under. */
async function locksOf(server: TestServer, path: string): Promise<readonly Element[]> {
  const [member] = await propfind(server, path)
  return childrenOf(member?.found.get('DAV:lockdiscovery') as Element, 'DAV:activelock')
}

function partOf(active: Element | undefined, name: string): string | undefined {
  return active?.children.find((child) => child.name === `DAV:${name}`)?.text
}

function secondsIn(answer: Answer): number {
  return Number(/<D:timeout>Second-(\d+)</.exec(answer.text)?.[1])
}

describe('LOCK (RFC 4918 §9.10)', () => {
  it('answers 200 with the token and the lock itself (LCK-01, LCK-27)', async (test) => {
    const server = await serverWithTree(test)

    const answer = await askLock(server, '/a.txt', { owner: '<D:href>me</D:href>', depth: '0' })

    assert.equal(answer.status, 200)
    const token = String(answer.headers['lock-token']).slice(1, -1)
    const root = parseXml(answer.text)
    const active = childrenOf(root.children[0] as Element, 'DAV:activelock')[0]
    assert.deepEqual([root.name, root.children[0]?.name], ['DAV:prop', 'DAV:lockdiscovery'])
    assert.deepEqual(active?.children.map(({ name }) => name).sort(), [
      'DAV:depth',
      'DAV:lockroot',
      'DAV:lockscope',
      'DAV:locktoken',
      'DAV:locktype',
      'DAV:owner',
      'DAV:timeout',
    ])
    assert.deepEqual(
      ['depth', 'owner', 'locktoken', 'lockroot'].map((part) => partOf(active, part)),
      ['0', 'me', token, '/a.txt'],
    )
  })

  it('gives tokens that nobody can guess and that fit old buffers (LCK-14, LCK-30)', async (test) => {
    const server = await serverWithTree(test)

    const tokens = new Set<string>()
    for (let round = 0; round < 20; round++) {
      const token = await lock(server, '/a.txt')
      assert.match(token, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.equal(token.length, 45)
      tokens.add(token)
      await unlock(server, '/a.txt', token)
    }

    assert.equal(tokens.size, 20)
  })

  it('creates an empty file on an unmapped URL, which stays after UNLOCK (LCK-02)', async (test) => {
    const server = await serverWithTree(test)

    const answer = await askLock(server, '/new.txt')
    const token = String(answer.headers['lock-token']).slice(1, -1)
    const unlocked = await unlock(server, '/new.txt', token)

    const read = await ask(server, 'GET /new.txt')
    assert.deepEqual([answer.status, unlocked.status, read.status, read.text], [201, 204, 200, ''])
  })

  it('answers 409 on an unmapped URL without a parent (LCK-03, CODE-06)', async (test) => {
    const server = await serverWithTree(test)

    for (const path of ['/missing/new.txt', '/a.txt/new.txt']) {
      assert.equal((await askLock(server, path)).status, 409, path)
    }
  })

  it('needs the token of a locked parent to create a file (LCK-04)', async (test) => {
    const server = await serverWithTree(test)
    const token = await lock(server, '/tree', { depth: '0' })

    const without = await askLock(server, '/tree/new.txt')
    const withToken = await askLock(server, '/tree/new.txt', { headers: { If: `</tree> (<${token}>)` } })

    assert.deepEqual([without.status, withToken.status], [423, 201])
    assert.match(without.text, /<D:lock-token-submitted><D:href>\/tree<\/D:href>/)
  })

  for (const [first, second, status] of [
    ['exclusive', 'exclusive', 423],
    ['exclusive', 'shared', 423],
    ['shared', 'exclusive', 423],
    ['shared', 'shared', 200],
  ] as const) {
    it(`answers ${status} to a ${second} lock beside a ${first} one, at the same place and above (LCK-05, LCK-06)`, async (test) => {
      const server = await serverWithTree(test)
      await lock(server, '/a.txt', { scope: first })
      await lock(server, '/tree', { scope: first })

      const direct = await askLock(server, '/a.txt', { scope: second })
      const indirect = await askLock(server, '/tree/sub/b.txt', { scope: second })

      assert.deepEqual([direct.status, indirect.status], [status, status])
      if (status === 200) return
      assert.match(direct.text, /<D:no-conflicting-lock><D:href>\/a.txt<\/D:href>/)
      assert.match(indirect.text, /<D:no-conflicting-lock><D:href>\/tree<\/D:href>/)
    })
  }

  it('gives every holder of a shared lock a token of its own (LCK-06)', async (test) => {
    const server = await serverWithTree(test)

    const tokens = [
      await lock(server, '/a.txt', { scope: 'shared' }),
      await lock(server, '/a.txt', { scope: 'shared' }),
    ]

    const shown = (await locksOf(server, '/a.txt')).map((active) => partOf(active, 'locktoken'))
    assert.deepEqual(shown.sort(), tokens.sort())
    for (const token of tokens) {
      const put = await ask(server, 'PUT /a.txt', { headers: { If: `(<${token}>)` }, body: 'x' })
      assert.equal(put.status, 204)
    }
  })

  it('takes a missing Depth for infinity and refuses any but 0 and infinity (LCK-07)', async (test) => {
    const server = await serverWithTree(test)

    for (const depth of ['1', '2', 'deep']) {
      assert.equal((await askLock(server, '/tree', { depth })).status, 400, depth)
    }
    await lock(server, '/tree')

    const [active] = await locksOf(server, '/tree/sub/b.txt')
    assert.deepEqual([partOf(active, 'depth'), partOf(active, 'lockroot')], ['infinity', '/tree'])
  })

  it('takes a tree whole or not at all, and names the locked members in a 207 (LCK-08)', async (test) => {
    const server = await serverWithTree(test)
    await lock(server, '/tree/sub/b.txt')

    const answer = await askLock(server, '/tree')

    assert.deepEqual(failures(answer), {
      '/tree': '424',
      '/tree/sub/b.txt': '423 DAV:no-conflicting-lock',
    })
    assert.equal(answer.headers['lock-token'], undefined)
    assert.deepEqual(await locksOf(server, '/tree'), [])
  })

  it('answers a plain 423 where the only conflict is at the URL or above it (LCK-08)', async (test) => {
    const server = await serverWithTree(test)
    await lock(server, '/tree')

    for (const path of ['/tree', '/tree/sub', '/tree/sub/b.txt']) {
      assert.equal((await askLock(server, path)).status, 423, path)
    }
    assert.equal((await askLock(server, '/', { depth: '0' })).status, 200)
  })

  for (const owner of [
    'plain &amp; text',
    '<D:href>mailto:a@example.org</D:href>',
    'a<o:b xmlns:o="urn:o" o:c="&quot;">d</o:b>e',
  ]) {
    it(`keeps the owner as it was sent: ${owner} (LCK-13)`, async (test) => {
      const server = await serverWithTree(test)
      const sent = parseXml(`<D:owner xmlns:D="DAV:">${owner}</D:owner>`)

      await lock(server, '/a.txt', { owner })

      const [active] = await locksOf(server, '/a.txt')
      const shown = active?.children.find(({ name }) => name === 'DAV:owner')
      assert.deepEqual(shown && meaning(shown), meaning(sent))
    })
  }
})

describe('LOCK without a body refreshes (RFC 4918 §9.10.2)', () => {
  it('the one lock that If names, ignoring Depth, and sends no Lock-Token (LCK-09)', async (test) => {
    const server = await serverWithTree(test)
    const token = await lock(server, '/a.txt', { headers: { Timeout: 'Second-600' } })

    const answer = await refresh(server, '/a.txt', { If: `(<${token}>)`, Timeout: 'Second-7200', Depth: '1' })

    assert.deepEqual([answer.status, secondsIn(answer)], [200, 7200])
    assert.equal(answer.headers['lock-token'], undefined)
    const [active] = await locksOf(server, '/a.txt')
    assert.deepEqual([partOf(active, 'locktoken'), partOf(active, 'depth')], [token, 'infinity'])
  })

  it('through any member in its scope (LCK-10)', async (test) => {
    const server = await serverWithTree(test)
    const token = await lock(server, '/tree')

    const answer = await refresh(server, '/tree/sub/b.txt', { If: `(<${token}>)` })

    assert.equal(answer.status, 200)
    assert.match(answer.text, /<D:lockroot><D:href>\/tree<\/D:href>/)
  })

  it('nothing where the token is unknown, out of scope or of a lock that ended (LCK-11, IF-13)', async (test) => {
    const server = await serverWithTree(test)
    const elsewhere = await lock(server, '/tree', { depth: '0' })
    const ended = await lock(server, '/a.txt')
    await unlock(server, '/a.txt', ended)

    for (const [path, token] of [
      ['/a.txt', 'urn:uuid:00000000-0000-4000-8000-000000000000'],
      ['/tree/sub', elsewhere],
      ['/a.txt', ended],
    ] as const) {
      const answer = await refresh(server, path, { If: `(<${token}>)` })
      const { condition } = refusalIn(answer.text)
      assert.deepEqual([answer.status, condition], [412, 'D:lock-token-matches-request-uri'], path)
    }
  })

  it('nothing where it is not said which, and it creates no lock (LCK-12)', async (test) => {
    const server = await serverWithTree(test)
    const two = await Promise.all(['/a.txt', '/tree'].map((path) => lock(server, path)))

    for (const headers of [{}, { If: '(["x"])' }, { If: `(<${two.join('> <')}>)` }]) {
      assert.equal((await refresh(server, '/tree/sub', headers)).status, 400)
    }
    assert.equal((await locksOf(server, '/tree/sub')).length, 1)
  })

  it('nothing that belongs to somebody else (LCK-17)', async (test) => {
    const server = await serverWithTree(test, byName)
    const token = await lock(server, '/a.txt', { headers: { Authorization: 'alice' } })

    const bob = await refresh(server, '/a.txt', { If: `(<${token}>)`, Authorization: 'bob' })
    const alice = await refresh(server, '/a.txt', { If: `(<${token}>)`, Authorization: 'alice' })

    assert.deepEqual([bob.status, alice.status], [403, 200])
  })
})

describe('UNLOCK (RFC 4918 §9.11)', () => {
  it('ends the whole lock, also when it is sent to a member (LCK-22)', async (test) => {
    const server = await serverWithTree(test)
    const token = await lock(server, '/tree')

    const answer = await unlock(server, '/tree/sub/b.txt', token)

    assert.equal(answer.status, 204)
    for (const path of ['/tree', '/tree/sub/b.txt']) assert.deepEqual(await locksOf(server, path), [], path)
  })

  it('needs a Lock-Token (LCK-23)', async (test) => {
    const server = await serverWithTree(test)

    assert.equal((await ask(server, 'UNLOCK /a.txt')).status, 400)
  })

  it('answers 409 to a token that is unknown or of a lock elsewhere (LCK-24)', async (test) => {
    const server = await serverWithTree(test)
    const elsewhere = await lock(server, '/tree', { depth: '0' })

    for (const token of ['urn:uuid:00000000-0000-4000-8000-000000000000', 'DAV:no-lock', elsewhere]) {
      const answer = await unlock(server, '/tree/sub', token)
      const { condition } = refusalIn(answer.text)
      assert.deepEqual([answer.status, condition], [409, 'D:lock-token-matches-request-uri'], token)
    }
    assert.equal((await locksOf(server, '/tree')).length, 1)
  })

  it('is for the creator of the lock alone (LCK-25)', async (test) => {
    const server = await serverWithTree(test, byName)
    const token = await lock(server, '/a.txt', { headers: { Authorization: 'alice' } })
    const unlockAs = (name: string) =>
      ask(server, 'UNLOCK /a.txt', { headers: { 'Lock-Token': `<${token}>`, Authorization: name } })

    const bob = await unlockAs('bob')
    const alice = await unlockAs('alice')

    assert.deepEqual([bob.status, alice.status], [403, 204])
  })
})

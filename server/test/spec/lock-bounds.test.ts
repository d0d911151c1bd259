import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { eventually } from '../support/eventually.ts'
import { propfind } from '../support/multistatus.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { askLock, lock, lockBody, unlock } from '../support/spawned.ts'

type Options = Parameters<typeof serverWith>[1]

async function serverWithFiles(test: TestContext, options: Options = {}): Promise<TestServer> {
  const server = await serverWith(test, options)
  for (const name of ['a', 'b', 'c', 'd']) await ask(server, `PUT /${name}`, { body: name })
  return server
}

/** Everybody is who the Authorization field says. */
const byName = { authenticate: async ({ authorization = 'nobody' }) => ({ name: authorization }) }

function askLockAs(name: string, server: TestServer, path: string): Promise<Answer> {
  return askLock(server, path, { headers: { Authorization: name } })
}

describe('locks are bounded', () => {
  it('for each user: 507 with quota-not-exceeded, and others go on (LCK-26, MX-15, SEC-04)', async (test) => {
    const server = await serverWithFiles(test, { ...byName, limits: { locksPerUser: 2 } })
    for (const path of ['/a', '/b']) await askLockAs('alice', server, path)

    const alice = await askLockAs('alice', server, '/c')
    const bob = await askLockAs('bob', server, '/d')

    const { condition, storage } = refusalIn(alice.text)
    assert.deepEqual([alice.status, condition, bob.status], [507, 'D:quota-not-exceeded', 200])
    assert.deepEqual(storage, { cause: 'locks', needed: 1, available: 0, limit: 2 })
    assert.equal(alice.headers['retry-after'], undefined)
  })

  it('for the whole server: 507 with sufficient-disk-space (LCK-26, MX-15)', async (test) => {
    const server = await serverWithFiles(test, { ...byName, limits: { locks: 2 } })
    for (const name of ['alice', 'bob']) await askLockAs(name, server, `/${name.slice(0, 1)}`)

    const answer = await askLockAs('carol', server, '/c')

    const { condition, storage } = refusalIn(answer.text)
    assert.deepEqual([answer.status, condition, storage.cause], [507, 'D:sufficient-disk-space', 'locks'])
  })

  it('for each resource: shared locks do not pile up on one (LCK-26, SEC-01)', async (test) => {
    const server = await serverWithFiles(test, { limits: { locksPerResource: 3 } })
    const share = (path: string) => askLock(server, path, { scope: 'shared' })

    const statuses: number[] = []
    for (let number = 0; number < 5; number++) statuses.push((await share('/a')).status)
    const elsewhere = await share('/b')

    assert.deepEqual(statuses, [200, 200, 200, 507, 507])
    assert.equal(elsewhere.status, 200)
    assert.equal(refusalIn((await share('/a')).text).storage.cause, 'locks')
  })

  it('and a refused LOCK of an unmapped URL leaves neither file nor claim (MX-14)', async (test) => {
    const server = await serverWithFiles(test, { limitBytes: 1000, limits: { locks: 1 } })
    await lock(server, '/a')
    const before = await server.space()

    const answer = await askLock(server, '/new')

    assert.equal(answer.status, 507)
    assert.equal(existsSync(join(server.folder, 'new')), false)
    assert.deepEqual([await server.space(), server.strays()], [before, []])
  })

  it('but refresh, UNLOCK and everything else go on, and an ended lock makes room (MX-16, MX-17)', async (test) => {
    const server = await serverWithFiles(test, { limits: { locks: 1 } })
    const token = await lock(server, '/a')

    const statuses = [
      (await askLock(server, '/b')).status,
      (await ask(server, 'LOCK /a', { headers: { If: `(<${token}>)` } })).status,
      (await ask(server, 'PUT /a', { headers: { If: `(<${token}>)` }, body: 'x' })).status,
      (await unlock(server, '/a', token)).status,
      (await askLock(server, '/b')).status,
    ]

    assert.deepEqual(statuses, [507, 200, 204, 204, 200])
  })

  it('and those whose time is over do not count (LCK-16)', async (test) => {
    const server = await serverWithFiles(test, { limits: { locks: 1, lockSeconds: 1 } })
    await lock(server, '/a')

    await eventually('the first lock ended', async () => (await askLock(server, '/b')).status === 200)
  })

  it('in what their owners may write: more is refused with 400 (SEC-01)', async (test) => {
    const server = await serverWithFiles(test)

    const long = await askLock(server, '/a', { owner: 'x'.repeat(8193) })
    const longest = await askLock(server, '/a', { owner: 'x'.repeat(8192) })

    assert.deepEqual([long.status, longest.status], [400, 200])
  })
})

describe('a storm of 10,000 LOCKs', () => {
  it('is cut off at the bounds, and the server goes on answering (LCK-26, MX-15, SEC-01)', async (test) => {
    const server = await serverWithFiles(test, { limits: { locksPerUser: 9_000 } })
    for (let number = 0; number < 10_000; number++) writeFileSync(join(server.folder, `a-${number}`), '')

    const statuses = await storm(server, 10_000, (number) => `/a-${number}`)
    const others = [
      await ask(server, 'PUT /b', { body: 'still there' }),
      await ask(server, 'GET /b'),
      await ask(server, 'MKCOL /folder'),
      await ask(server, 'DELETE /folder'),
    ]

    assert.deepEqual(statuses, { 200: 9_000, 507: 1_000 })
    assert.deepEqual(
      others.map(({ status }) => status),
      [204, 200, 201, 204],
    )
    assert.equal((await propfind(server, '/', { depth: '0' })).length, 1)
    assert.deepEqual(server.strays(), [])
  })

  it('on one resource is cut off early (LCK-26, SEC-01)', async (test) => {
    const server = await serverWithFiles(test)

    const statuses = await storm(server, 1_000, () => '/')

    assert.deepEqual(statuses, { 200: 100, 507: 900 })
    assert.equal((await ask(server, 'GET /b')).status, 200)
  })
})

/** Shared locks from eight clients at once. @returns how often each status came */
async function storm(server: TestServer, count: number, pathOf: (number: number) => string) {
  const statuses: Record<number, number> = {}
  const headers = { 'Content-Type': 'application/xml' }
  const body = lockBody({ scope: 'shared', owner: 'x'.repeat(1000) })
  let next = 0
  const client = async (): Promise<void> => {
    while (next < count) {
      const response = await server.fetch(pathOf(next++), { method: 'LOCK', headers, body })
      await response.arrayBuffer()
      statuses[response.status] = (statuses[response.status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 8 }, client))
  return statuses
}

describe('the time of a lock (RFC 4918 §6.6, §10.7)', () => {
  for (const [wish, seconds] of [
    ['Second-3600', 3600],
    ['Infinite', 86_400],
    ['Infinite, Second-600', 86_400],
    ['nonsense, Second-600', 600],
    ['Second-99999999999999999999', 86_400],
    ['Second-4294967296', 86_400],
    ['Second--1, Second-x', 1800],
    ['', 1800],
  ] as const) {
    it(`is ${seconds} seconds for the wish "${wish}" (LCK-15)`, async (test) => {
      const server = await serverWithFiles(test)

      const answer = await askLock(server, '/a', { headers: { Timeout: wish } })

      assert.deepEqual([answer.status, secondsIn(answer)], [200, seconds])
    })
  }

  it('ends it, whatever it was used for meanwhile, and its empty file stays (LCK-16)', async (test) => {
    const server = await serverWithFiles(test, { limits: { lockSeconds: 1 } })
    const token = await lock(server, '/new.txt')

    await eventually('the lock ended', async () => {
      await ask(server, 'PUT /new.txt', { headers: { If: `(<${token}>)` }, body: '' })
      return !(await ask(server, 'PROPFIND /new.txt', { headers: { Depth: '0' } })).text.includes(token)
    })

    const put = await ask(server, 'PUT /new.txt', { headers: { If: `(<${token}>)` }, body: 'x' })
    const free = await ask(server, 'PUT /new.txt', { body: 'y' })
    assert.deepEqual([put.status, free.status], [412, 204])
  })
})

function secondsIn(answer: Answer): number {
  return Number(/<D:timeout>Second-(\d+)</.exec(answer.text)?.[1])
}

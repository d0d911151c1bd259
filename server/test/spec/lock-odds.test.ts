import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { failures, lock } from '../support/spawned.ts'

/** `/box` holds `one`, `two` and `sub/three`. */
async function serverWithBox(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test)
  for (const path of ['/box', '/box/sub']) await ask(server, `MKCOL ${path}`)
  for (const name of ['one', 'two', 'sub/three']) await ask(server, `PUT /box/${name}`, { body: 'old' })
  return server
}

function put(server: TestServer, path: string, If?: string): Promise<Answer> {
  return ask(server, `PUT ${path}`, { body: 'new', headers: If === undefined ? {} : { If } })
}

function statusesOf(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status)
}

describe('a server with locks (RFC 4918 §18.2)', () => {
  it('claims classes 1 and 2 on everything in the tree (OPT-02)', async (test) => {
    const server = await serverWithBox(test)

    for (const target of ['/', '/box', '/box/one', '/missing', '*']) {
      const { dav } = (await ask(server, `OPTIONS ${target}`)).headers
      const classes = String(dav).split(/\s*,\s*/)
      assert.ok(classes.includes('1') && classes.includes('2'), `${target}: ${dav}`)
    }
  })
})

describe('the empty file of a lock (RFC 4918 §7.3, §9.10.4)', () => {
  it('is read as a file of no length (GET-03)', async (test) => {
    const server = await serverWith(test)
    await lock(server, '/new.txt')

    const read = await ask(server, 'GET /new.txt')
    const head = await ask(server, 'HEAD /new.txt')

    for (const { status, headers, bytes } of [read, head])
      assert.deepEqual([status, headers['content-length'], bytes.byteLength], [200, '0', 0])
  })

  it('is filled by a PUT with the token, and by no other (PUT-05)', async (test) => {
    const server = await serverWith(test)
    const token = await lock(server, '/new.txt')

    const without = await put(server, '/new.txt')
    const empty = await ask(server, 'GET /new.txt')
    const withToken = await put(server, '/new.txt', `(<${token}>)`)
    const filled = await ask(server, 'GET /new.txt')

    assert.deepEqual(statusesOf([without, withToken]), [423, 204])
    assert.deepEqual([empty.text, filled.text], ['', 'new'])
  })
})

describe('what is put into a locked collection (RFC 4918 §7.4)', () => {
  for (const depth of ['0', 'infinity']) {
    it(`needs the token of a lock of depth ${depth} to be a new member (PUT-04)`, async (test) => {
      const server = await serverWithBox(test)
      const token = await lock(server, '/box', { depth })

      const without = await put(server, '/box/new')
      const withToken = await put(server, '/box/new', `</box> (<${token}>)`)

      assert.deepEqual(statusesOf([without, withToken]), [423, 201])
    })

    it(`needs the token of a lock of depth ${depth} to be a new collection (MKC-07)`, async (test) => {
      const server = await serverWithBox(test)
      const token = await lock(server, '/box', { depth })
      const before = await snapshotOf(server)

      const without = await ask(server, 'MKCOL /box/new')
      const after = await snapshotOf(server)
      const withToken = await ask(server, 'MKCOL /box/new', { headers: { If: `</box> (<${token}>)` } })

      assert.deepEqual(statusesOf([without, withToken]), [423, 201])
      assert.deepEqual(after, before)
    })
  }

  it('needs its own token where it was there already and is locked itself, and no other (PUT-04)', async (test) => {
    const server = await serverWithBox(test)
    const ofBox = await lock(server, '/box', { depth: '0' })
    const own = await lock(server, '/box/one')

    const without = await put(server, '/box/one')
    const withAnother = await put(server, '/box/one', `</box> (<${ofBox}>)`)
    const withOwn = await put(server, '/box/one', `(<${own}>)`)
    const notLocked = await put(server, '/box/two')

    assert.deepEqual(statusesOf([without, withAnother, withOwn, notLocked]), [423, 423, 204, 204])
  })
})

describe('DELETE of a collection (RFC 4918 §9.6.1)', () => {
  it('asks for the token of every locked member, however deep, and without one of them deletes nothing (DEL-05)', async (test) => {
    const server = await serverWithBox(test)
    const one = await lock(server, '/box/one')
    const three = await lock(server, '/box/sub/three')
    const before = await snapshotOf(server)
    const withTokens = (If: string) => ask(server, 'DELETE /box', { headers: { If } })

    const none = await ask(server, 'DELETE /box')
    const first = await withTokens(`</box/one> (<${one}>)`)
    const after = await snapshotOf(server)
    const both = await withTokens(`</box/one> (<${one}>) </box/sub/three> (<${three}>)`)

    const locked = '423 DAV:lock-token-submitted'
    assert.deepEqual(failures(none), { '/box/one': locked, '/box/sub/three': locked })
    assert.deepEqual(failures(first), { '/box/sub/three': locked })
    assert.deepEqual(after, before)
    assert.equal(both.status, 204)
  })

  it('judges a condition on a member as one on itself (DEL-05)', async (test) => {
    const server = await serverWithBox(test)
    const { etag = '' } = (await ask(server, 'HEAD /box/one')).headers
    const before = await snapshotOf(server)

    const wrong = await ask(server, 'DELETE /box', { headers: { If: '</box/one> (["other"])' } })
    const after = await snapshotOf(server)
    const right = await ask(server, 'DELETE /box', { headers: { If: `</box/one> ([${etag}])` } })

    assert.deepEqual(statusesOf([wrong, right]), [412, 204])
    assert.deepEqual(after, before)
  })
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { MIB } from '../support/content.ts'
import { propfind } from '../support/multistatus.ts'
import { serverWith } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { cannotMount } from '../support/tools.ts'
import { mountedVolume } from '../support/volume.ts'

describe('MKCOL (RFC 4918 §9.3)', () => {
  it('makes a collection (MKC-01)', async (test) => {
    const server = await serverWith(test)

    const { status } = await ask(server, 'MKCOL /a')

    const [member] = await propfind(server, '/a')
    assert.equal(status, 201)
    assert.equal(member?.found.get('DAV:resourcetype')?.children[0]?.name, 'DAV:collection')
  })

  it('makes it empty (MKC-06)', async (test) => {
    const server = await serverWith(test)

    await ask(server, 'MKCOL /a')

    assert.equal((await propfind(server, '/a/', { depth: '1' })).length, 1)
    assert.deepEqual(server.strays(), [])
  })

  it('refuses a URL where something is (MKC-02)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /a')
    await ask(server, 'PUT /a/b.txt', { body: 'kept' })
    const before = await snapshotOf(server)

    for (const target of ['/a', '/a/b.txt', '/']) {
      const { status, headers } = await ask(server, `MKCOL ${target}`)
      assert.equal(status, 405, target)
      assert.ok(headers.allow?.includes('PROPFIND'))
    }

    assert.deepEqual(await snapshotOf(server), before)
  })

  it('says of an existing collection that it exists, also with a slash (MKC-08)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /a/')

    assert.equal((await ask(server, 'MKCOL /a/')).status, 405)
  })

  it('does not make missing parents (MKC-03)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /file', { body: 'x' })
    const before = await snapshotOf(server)

    for (const target of ['/a/b', '/a/b/c/', '/file/a']) {
      assert.equal((await ask(server, `MKCOL ${target}`)).status, 409, target)
    }

    assert.deepEqual(await snapshotOf(server), before)
  })

  it('refuses a body that it would ignore (MKC-04)', async (test) => {
    const server = await serverWith(test)

    for (const type of ['text/plain', 'application/x-unknown', undefined]) {
      const headers = type === undefined ? {} : { 'Content-Type': type }
      assert.equal((await ask(server, 'MKCOL /a', { headers, body: 'what?' })).status, 415, type)
    }

    assert.equal((await ask(server, 'PROPFIND /a')).status, 404)
  })

  it('refuses a place that it could not undo it in (MKC-05)', { skip: cannotMount() }, async (test) => {
    const parent = mountedVolume(test, 'tmpfs', { sizeBytes: 16 * MIB })
    const server = await serverWith(test, { folder: join(parent, 'served') })
    const other = join(server.folder, 'other')
    mkdirSync(other)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', other])

    const { status } = await ask(server, 'MKCOL /other/a')

    assert.equal(status, 403)
    assert.deepEqual(server.strays(), [])
  })

  it('makes one collection for many who ask at once, and tells the others that it is there (MKC-02)', async (test) => {
    const server = await serverWith(test)

    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask(server, `MKCOL /race-${round}`)))
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 405, 405, 405, 405, 405])
    }
    assert.deepEqual(server.strays(), [])
  })
})

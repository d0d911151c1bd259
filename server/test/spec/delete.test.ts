import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { propfind } from '../support/multistatus.ts'
import { serverProcess } from '../support/process.ts'
import { serverWith } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { missingTool } from '../support/tools.ts'

describe('DELETE (RFC 4918 §9.6)', () => {
  it('makes a file vanish for every method, and gives its room back (DEL-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'PUT /a.txt', { body: 'hello' })

    const { status, bytes } = await ask(server, 'DELETE /a.txt')

    assert.deepEqual([status, bytes.byteLength], [204, 0])
    for (const method of ['GET', 'HEAD', 'PROPFIND', 'DELETE']) {
      assert.equal((await ask(server, `${method} /a.txt`)).status, 404, method)
    }
    assert.deepEqual(await server.space(), { usedBytes: 0, availableBytes: 10_000 })
    assert.deepEqual(server.strays(), [])
  })

  it('takes a collection with all that is in it (DEL-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    for (const target of ['/a', '/a/b', '/a/b/c']) await ask(server, `MKCOL ${target}`)
    for (const target of ['/a/1', '/a/b/2', '/a/b/c/3', '/keep']) {
      await ask(server, `PUT ${target}`, { body: 'hello' })
    }

    const { status } = await ask(server, 'DELETE /a/', { headers: { Depth: 'Infinity' } })

    assert.equal(status, 204)
    assert.deepEqual(readdirSync(server.folder).sort(), ['.plimsoll', 'keep'])
    assert.deepEqual(await server.space(), { usedBytes: 5, availableBytes: 9995 })
    assert.deepEqual(server.strays(), [])
  })

  it('refuses any other Depth for a collection (DEL-02)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /a')
    await ask(server, 'PUT /a/1', { body: 'hello' })
    const before = await snapshotOf(server)

    for (const depth of ['0', '1', '2', 'all', '']) {
      const { status } = await ask(server, 'DELETE /a/', { headers: { Depth: depth } })
      assert.equal(status, 400, depth)
    }

    assert.deepEqual(await snapshotOf(server), before)
  })

  it('is 404 where nothing is (DEL-07)', async (test) => {
    const server = await serverWith(test)

    for (const target of ['/missing', '/missing/', '/no/parent']) {
      assert.equal((await ask(server, `DELETE ${target}`)).status, 404, target)
    }
  })

  it('does not delete the root (DEL-08)', async (test) => {
    const server = await serverWith(test, { basePath: '/dav' })
    await ask(server, 'PUT /dav/a.txt', { body: 'kept' })

    for (const target of ['/dav', '/dav/', '//dav//']) {
      assert.equal((await ask(server, `DELETE ${target}`)).status, 403, target)
    }

    assert.equal((await ask(server, 'GET /dav/a.txt')).text, 'kept')
  })

  it('works on a full server, above its limit, and below its reserve (DEL-09)', async (test) => {
    const folder = temporaryFolder(test)
    const roomy = await serverProcess(test, folder)
    for (const target of ['/a', '/b']) await ask(roomy, `PUT ${target}`, { body: randomBytes(1000) })
    await roomy.stop()
    const server = await serverWith(test, { folder, limitBytes: 1, keepFreeBytes: 2 ** 60 })

    const refused = await ask(server, 'PUT /c', { body: 'x' })
    const deleted = await ask(server, 'DELETE /a')

    assert.deepEqual([refused.status, deleted.status], [507, 204])
    assert.equal((await server.space()).usedBytes, 1000)
  })

  const immutable = missingTool('chattr') || (process.getuid?.() !== 0 && 'only root can forbid a deletion')
  it('leaves what cannot be deleted, and all above it (DEL-03, DEL-04)', {
    skip: immutable,
  }, async (test) => {
    const parent = mkdtempSync(join(tmpdir(), 'plimsoll-immutable-'))
    const server = await serverWith(test, { folder: join(parent, 'served') })
    // Wherever the file ends up, it must be deletable in the end.
    test.after(() => {
      spawnSync('chattr', ['-R', '-i', parent])
      rmSync(parent, { recursive: true })
    })
    await ask(server, 'MKCOL /a')
    await ask(server, 'MKCOL /a/b')
    for (const target of ['/a/b/stuck', '/a/b/loose', '/a/loose']) {
      await ask(server, `PUT ${target}`, { body: 'hello' })
    }
    const stuck = join(server.folder, 'a', 'b', 'stuck')
    if (spawnSync('chattr', ['+i', stuck]).status !== 0)
      return test.skip('the file system forbids no deletion')

    const { status, text } = await ask(server, 'DELETE /a')

    assert.ok(existsSync(stuck), 'the file has left the tree although it could not be deleted')
    assert.equal((await ask(server, 'GET /a/b/stuck')).text, 'hello')
    const [root] = await propfind(server, '/a/b')
    assert.equal(root?.href, '/a/b/')
    assert.ok(status === 207 || status === 403, String(status))
    assert.doesNotMatch(text, /HTTP\/1\.1 (424|204)/)
    const { usedBytes } = await server.space()
    assert.equal(usedBytes, server.countedBytes())
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { randomBytes, sha256 } from '../support/content.ts'
import { asking, childrenOf, parseXml, propfind } from '../support/multistatus.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'

// What programs send that keep their own data on a WebDAV server, replayed. Joplin itself runs in its own test.

describe('Zotero', () => {
  for (const existing of [true, false]) {
    const where = existing ? 'a folder that exists' : 'a folder that it makes'
    it(`verifies the server in ${where}: OPTIONS to DELETE in its order (ZOT-01)`, async (test) => {
      const server = await serverWith(test)
      if (existing) await ask(server, 'MKCOL /zotero/')

      const options = await ask(server, 'OPTIONS /zotero/')
      const found = await ask(server, 'PROPFIND /zotero/', zoteroPropfind)
      const parent = await ask(server, 'PROPFIND /', zoteroPropfind)
      const made = existing ? null : await ask(server, 'MKCOL /zotero/')
      const nothing = await ask(server, 'GET /zotero/nonexistent.prop')
      const put = await ask(server, 'PUT /zotero/zotero-test-file.prop', { body: ' ' })
      const got = await ask(server, 'GET /zotero/zotero-test-file.prop')
      const deleted = await ask(server, 'DELETE /zotero/zotero-test-file.prop')

      assert.equal(options.status, 200)
      assert.match(String(options.headers.dav), /\b1\b/)
      assert.deepEqual([found.status, parent.status], [existing ? 207 : 404, 207])
      assert.equal(made?.status ?? 201, 201)
      assert.deepEqual([nothing, put, got, deleted].map(statusOf), [404, 201, 200, 204])
      assert.equal(got.text, ' ')
    })
  }

  it('says "insufficient space" to 507, and keeps the old archive whose .prop it deleted (ZOT-02, ZOT-03)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const archive = randomBytes(6000)
    await ask(server, 'MKCOL /zotero/')
    await ask(server, 'PUT /zotero/ABCD1234.zip', { body: archive })
    await ask(server, 'PUT /zotero/ABCD1234.prop', { body: '<properties version="1"/>' })

    const deleted = await ask(server, 'DELETE /zotero/ABCD1234.prop')
    const refused = await ask(server, 'PUT /zotero/ABCD1234.zip', { body: randomBytes(10_001) })
    const kept = await ask(server, 'GET /zotero/ABCD1234.zip')

    assert.deepEqual([deleted, refused, kept].map(statusOf), [204, 507, 200])
    assert.equal(sha256(kept.bytes), sha256(archive))
    assert.deepEqual(await server.space(), { usedBytes: 6000, availableBytes: 4000 })
  })

  it('replaces an archive: DELETE .prop, PUT .zip, PUT .prop (ZOT-03)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'PUT /ABCD1234.zip', { body: randomBytes(6000) })

    const missing = await ask(server, 'DELETE /ABCD1234.prop')
    const replaced = await ask(server, 'PUT /ABCD1234.zip', { body: randomBytes(9000) })
    const described = await ask(server, 'PUT /ABCD1234.prop', { body: '<properties version="1"/>' })

    assert.deepEqual([missing, replaced, described].map(statusOf), [404, 204, 201])
  })
})

describe('KeePass and KeeWeb', () => {
  it('save by HEAD, PUT of a temporary file, HEAD, MOVE over the database, HEAD (KEE-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /Passwords.kdbx', { body: 'old' })

    const before = await ask(server, 'HEAD /Passwords.kdbx')
    const put = await ask(server, 'PUT /Passwords.kdbx.tmp', { body: 'new' })
    const between = await ask(server, 'HEAD /Passwords.kdbx')
    const moved = await moveOver(server, '/Passwords.kdbx.tmp', '/Passwords.kdbx')
    const after = await ask(server, 'HEAD /Passwords.kdbx')

    assert.deepEqual([before, put, between, moved, after].map(statusOf), [200, 201, 200, 204, 200])
    for (const { headers } of [before, between, after]) {
      assert.ok(!Number.isNaN(Date.parse(String(headers['last-modified']))), JSON.stringify(headers))
    }
    assert.equal(between.headers['last-modified'], before.headers['last-modified'])
    assert.notEqual(after.headers.etag, before.headers.etag)
    assert.equal((await ask(server, 'GET /Passwords.kdbx')).text, 'new')
  })

  it('are never answered 409 because the database exists, else they would delete it first (KEE-02)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /Passwords.kdbx', { body: 'old' })
    await ask(server, 'PUT /Passwords.kdbx.tmp', { body: 'new' })

    // KeePass 2 says nothing of overwriting, which means the same.
    const headers = { Destination: `${server.url}/Passwords.kdbx` }
    const moved = await ask(server, 'MOVE /Passwords.kdbx.tmp', { headers })

    assert.equal(moved.status, 204)
    assert.equal((await ask(server, 'HEAD /Passwords.kdbx.tmp')).status, 404)
  })

  it('keep the old database where it and the temporary file do not fit together (KEE-03)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'PUT /Passwords.kdbx', { body: randomBytes(6000) })
    const before = await snapshotOf(server)

    const refused = await ask(server, 'PUT /Passwords.kdbx.tmp', { body: randomBytes(6000) })
    const kept = await snapshotOf(server)
    const direct = await ask(server, 'PUT /Passwords.kdbx', { body: randomBytes(6000) })

    assert.deepEqual([refused.status, refusalIn(refused.text).condition], [507, 'D:quota-not-exceeded'])
    assert.deepEqual(kept, before)
    assert.equal(direct.status, 204)
  })

  it('move over the database when not a byte is left (KEE-03)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'PUT /Passwords.kdbx', { body: randomBytes(5000) })
    await ask(server, 'PUT /Passwords.kdbx.tmp', { body: randomBytes(5000) })

    const moved = await moveOver(server, '/Passwords.kdbx.tmp', '/Passwords.kdbx')

    assert.equal(moved.status, 204)
    assert.deepEqual(await server.space(), { usedBytes: 5000, availableBytes: 5000 })
  })
})

describe('the file driver of Joplin', () => {
  it('makes, lists, puts, moves and deletes below a base path (JOP-01)', async (test) => {
    const server = await serverWith(test, { basePath: '/dav/joplin' })
    const host = { host: server.host, port: server.port }
    const body = asking('getlastmodified', 'resourcetype')

    // What it says with every request that is no GET, lest a cache on the way answer 304. No file has this tag.
    const own = { 'If-None-Match': 'JoplinIgnore-48213' }
    const probed = await ask(host, 'PROPFIND /dav/joplin/', { headers: { ...own, Depth: '0' }, body })
    const made = await ask(host, 'MKCOL /dav/joplin/.resource/', { headers: own })
    const again = await ask(host, 'MKCOL /dav/joplin/.resource/', { headers: own })
    const put = await ask(host, 'PUT /dav/joplin/a.md', { headers: own, body: 'note' })
    const temporary = await ask(host, 'PUT /dav/joplin/b.md.tmp', { headers: own, body: 'later' })
    const moved = await ask(host, 'MOVE /dav/joplin/b.md.tmp', {
      headers: { ...own, Destination: `${server.url}/a.md`, Overwrite: 'T' },
    })
    const listed = await propfind(host, '/dav/joplin/', { depth: '1', body })
    const deleted = await ask(host, 'DELETE /dav/joplin/a.md', { headers: own })
    const missing = await ask(host, 'DELETE /dav/joplin/a.md', { headers: own })

    assert.deepEqual(
      [probed, made, again, put, temporary, moved, deleted, missing].map(statusOf),
      [207, 201, 405, 201, 201, 204, 204, 404],
    )
    assert.deepEqual(listed.map(({ href }) => href).sort(), [
      '/dav/joplin/',
      '/dav/joplin/.resource/',
      '/dav/joplin/a.md',
    ])
    const file = listed.find(({ href }) => href.endsWith('a.md'))
    assert.ok(Date.parse(file?.found.get('DAV:getlastmodified')?.text ?? '') > 0)
  })
})

describe('OmniFocus', () => {
  it('moves a folder whose URL ends with a slash, and not over another (OMN-01)', async (test) => {
    const server = await serverWith(test)
    const folder = '/OmniFocus.ofocus/'
    await ask(server, 'MKCOL /OmniFocus.ofocus-tmp/')
    await ask(server, 'PUT /OmniFocus.ofocus-tmp/00000000000000=root.zip', { body: 'zip' })
    const headers = { Destination: server.url + folder, Overwrite: 'F' }

    const moved = await ask(server, 'MOVE /OmniFocus.ofocus-tmp/', { headers })
    await ask(server, 'MKCOL /OmniFocus.ofocus-tmp/')
    const second = await ask(server, 'MOVE /OmniFocus.ofocus-tmp/', { headers })
    const listed = await propfind(server, folder, { depth: '1' })

    assert.deepEqual([moved, second].map(statusOf), [201, 412])
    assert.deepEqual(listed.map(({ href }) => decodeURIComponent(href)).sort(), [
      folder,
      `${folder}00000000000000=root.zip`,
    ])
  })

  it('compares its clock with a Date that is right in every answer (OMN-01)', async (test) => {
    const server = await serverWith(test)

    for (const line of ['OPTIONS /', 'PROPFIND /', 'GET /missing', 'MKCOL /a/', 'DELETE /a/']) {
      const { headers } = await ask(server, line, { headers: { Depth: 'infinity' } })
      const skewMs = Math.abs(Date.now() - Date.parse(String(headers.date)))
      assert.ok(skewMs < 5000, `${line}: Date: ${headers.date}`)
    }
  })
})

describe('Remotely Save for Obsidian', () => {
  it('is refused Depth infinity by a 403 that names the reason, and walks with Depth 1 (OBS-01)', async (test) => {
    const server = await serverWith(test)
    for (const folder of ['/vault/', '/vault/a/', '/vault/a/b/']) await ask(server, `MKCOL ${folder}`)
    for (const note of ['/vault/1.md', '/vault/a/2.md', '/vault/a/b/3.md']) {
      await ask(server, `PUT ${note}`, { body: note })
    }

    const whole = await ask(server, 'PROPFIND /vault/', { headers: { Depth: 'infinity' } })
    const walked = await walk(server, '/vault/')

    assert.equal(whole.status, 403)
    assert.equal(childrenOf(parseXml(whole.text), 'DAV:propfind-finite-depth').length, 1)
    assert.deepEqual(walked.sort(), ['/vault/1.md', '/vault/a/2.md', '/vault/a/b/3.md'])
  })

  it('gets the whole tree at once where the server is set to answer Depth infinity (OBS-01)', async (test) => {
    const server = await serverWith(test, { limits: { infiniteDepthResources: 100 } })
    for (const folder of ['/vault/', '/vault/a/']) await ask(server, `MKCOL ${folder}`)
    await ask(server, 'PUT /vault/a/2.md', { body: 'note' })

    const members = await propfind(server, '/vault/', { depth: 'infinity' })

    assert.deepEqual(members.map(({ href }) => href).sort(), ['/vault/', '/vault/a/', '/vault/a/2.md'])
  })
})

const zoteroPropfind = {
  headers: { Depth: '0', 'Content-Type': 'text/xml; charset=utf-8' },
  body: asking('getcontentlength'),
}

function moveOver(server: TestServer, from: string, to: string): Promise<Answer> {
  return ask(server, `MOVE ${from}`, { headers: { Destination: server.url + to, Overwrite: 'T' } })
}

/** @returns all files below, found folder by folder */
async function walk(server: TestServer, folder: string): Promise<string[]> {
  const members = await propfind(server, folder, { depth: '1', body: asking('resourcetype') })
  const below = members.map(({ href }) => href).filter((href) => href !== folder)
  const files = await Promise.all(
    below.map((href) => (href.endsWith('/') ? walk(server, href) : Promise.resolve([href]))),
  )
  return files.flat()
}

function statusOf({ status }: Answer): number {
  return status
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anonymousAuthenticator } from '../../src/auth/anonymous.ts'
import { basicAuthenticator } from '../../src/auth/basic.ts'
import { type Address, type Answer, ask } from '../support/ask.ts'
import { MIB, randomBytes, sha256 } from '../support/content.ts'
import { asking, parseXml, propfind } from '../support/multistatus.ts'
import { serverWith } from '../support/server.ts'
import { cannotMount } from '../support/tools.ts'
import { fillUp, mountedVolume } from '../support/volume.ts'
import { lock } from './lock-request.ts'

// What the WebDAV redirector of Windows (WebClient, "Map network drive") sends, replayed; it runs nowhere else.
const AGENT = { 'User-Agent': 'Microsoft-WebDAV-MiniRedir/10.0.22631', Translate: 'f' }
const TIMES = {
  Win32CreationTime: 'Tue, 03 Feb 2026 10:20:30 GMT',
  Win32LastAccessTime: 'Wed, 04 Feb 2026 11:21:31 GMT',
  Win32LastModifiedTime: 'Thu, 05 Feb 2026 12:22:32 GMT',
}
const ATTRIBUTES = { ...TIMES, Win32FileAttributes: '00000020' }
const NAMESPACE = 'urn:schemas-microsoft-com:'

describe('Windows: mapping a drive', () => {
  it('takes the server for one of WebDAV by MS-Author-Via, DAV and Allow (WIN-01)', async (test) => {
    const server = await serverWith(test)

    const answer = await ask(server, 'OPTIONS /', { headers: AGENT })

    assert.equal(answer.status, 200)
    assert.equal(answer.headers['ms-author-via'], 'DAV')
    assert.match(String(answer.headers.dav), /^1\s*,\s*2/)
    for (const method of ['PROPFIND', 'PROPPATCH', 'LOCK', 'GET', 'OPTIONS']) {
      assert.ok(String(answer.headers.allow).split(', ').includes(method), `${method} in Allow`)
    }
  })

  it('walks from the root of the host to the tree, where each parent answers OPTIONS and PROPFIND (WIN-02)', async (test) => {
    const server = await serverWith(test, { basePath: '/remote/dav' })
    const address: Address = { host: server.host, port: server.port }

    for (const parent of ['/', '/remote', '/remote/', '/remote/dav', '/remote/dav/']) {
      const options = await ask(address, `OPTIONS ${parent}`, { headers: AGENT })
      assert.equal(options.status, 200, `OPTIONS ${parent}`)
      const [found] = await propfind(address, parent, { body: asking('resourcetype') })
      assert.equal(found?.found.get('DAV:resourcetype')?.children[0]?.name, 'DAV:collection', parent)
    }
  })

  it('reads with Translate: f as without it (WIN-05)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.asp', { body: '<% script %>' })

    const read = await ask(server, 'GET /a.asp', { headers: AGENT })

    assert.deepEqual([read.status, read.text], [200, '<% script %>'])
  })

  it('is asked for a password by Basic, with the realm it shows (WIN-09)', async (test) => {
    const server = await serverWith(test, {
      authenticate: await basicAuthenticator([{ name: 'alice', password: 'secret' }]),
    })
    const authorization = `Basic ${btoa('alice:secret')}`

    const stranger = await ask(server, 'PROPFIND /', { headers: { ...AGENT, Depth: '0' } })
    const known = await ask(server, 'PROPFIND /', {
      headers: { ...AGENT, Depth: '0', Authorization: authorization },
    })

    assert.deepEqual([stranger.status, known.status], [401, 207])
    assert.match(String(stranger.headers['www-authenticate']), /^Basic realm="[^"]+"/)
  })
})

describe('Windows: saving a file', () => {
  it('locks the free name, puts, sets four properties and unlocks with a bare token (WIN-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 100_000 })
    const body = randomBytes(5000)

    const missing = await ask(server, 'PROPFIND /a.bin', { headers: { ...AGENT, Depth: '0' } })
    const {
      answer: locked,
      token,
      submitted,
    } = await lock(server, '/a.bin', {
      owner: 'DESKTOP\\alice',
      headers: { ...AGENT, Timeout: 'Second-3600' },
    })
    const stored = await ask(server, 'PUT /a.bin', { headers: { ...AGENT, If: submitted }, body })
    const changed = await win32(server, '/a.bin', { If: submitted })
    const seen = await ask(server, 'HEAD /a.bin', { headers: AGENT })
    const unlocked = await ask(server, 'UNLOCK /a.bin', { headers: { ...AGENT, 'Lock-Token': token } })
    const free = await ask(server, 'PUT /a.bin', { headers: AGENT, body })

    assert.deepEqual(
      [missing, locked, stored, changed, seen, unlocked, free].map(({ status }) => status),
      [404, 201, 204, 207, 200, 204, 204],
    )
    assert.equal(seen.headers['content-length'], '5000')
    assert.equal(sha256((await ask(server, 'GET /a.bin')).bytes), sha256(body))
  })

  it('puts nothing first and locks that, or submits the token without angle brackets (WIN-06)', async (test) => {
    const server = await serverWith(test)

    const empty = await ask(server, 'PUT /a.txt', { headers: AGENT, body: '' })
    const { answer: locked, token } = await lock(server, '/a.txt', { headers: AGENT })
    const stored = await ask(server, 'PUT /a.txt', { headers: { ...AGENT, If: `(${token})` }, body: 'x' })
    const unlocked = await ask(server, 'UNLOCK /a.txt', {
      headers: { ...AGENT, 'Lock-Token': `<${token}>` },
    })

    assert.deepEqual(
      [empty, locked, stored, unlocked].map(({ status }) => status),
      [201, 200, 204, 204],
    )
  })

  it('gets its four properties back as it set them, and the time of the file follows (WIN-03)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { headers: AGENT, body: 'x' })

    const changed = await win32(server, '/a.txt')
    const [all] = await propfind(server, '/a.txt')

    assertAllOk(changed)
    for (const [name, value] of Object.entries(ATTRIBUTES)) {
      assert.equal(all?.found.get(`{${NAMESPACE}}${name}`)?.text, value)
    }
    assert.equal(all?.found.get('DAV:getlastmodified')?.text, TIMES.Win32LastModifiedTime)
    assert.equal((await ask(server, 'HEAD /a.txt')).headers['last-modified'], TIMES.Win32LastModifiedTime)
  })

  it('sets them on a folder too (WIN-03)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /folder', { headers: AGENT })

    const changed = await win32(server, '/folder')
    const [all] = await propfind(server, '/folder/')

    assertAllOk(changed)
    assert.equal(all?.found.get(`{${NAMESPACE}}Win32FileAttributes`)?.text, '00000020')
  })

  it('keeps the file it put to the last byte of the limit: the four properties cost nothing (WIN-04)', async (test) => {
    const server = await serverWith(test, { limitBytes: 5000 })

    const stored = await ask(server, 'PUT /a.bin', { headers: AGENT, body: randomBytes(5000) })
    const changed = await win32(server, '/a.bin')

    assert.equal(stored.status, 201)
    assertAllOk(changed)
    assert.deepEqual(await server.space(), { usedBytes: 5000, availableBytes: 0 })
  })

  it('sets them on a disk without a free byte (WIN-04)', { skip: cannotMount() }, async (test) => {
    const sizeBytes = 16 * MIB
    const folder = mountedVolume(test, 'tmpfs', { sizeBytes })
    const server = await serverWith(test, { folder, durability: 'full' })
    const stored = await ask(server, 'PUT /a.bin', { headers: AGENT, body: randomBytes(MIB) })
    fillUp(folder, sizeBytes)

    const refused = await ask(server, 'PUT /b.bin', { headers: AGENT, body: randomBytes(MIB) })
    const changed = await win32(server, '/a.bin')
    const [all] = await propfind(server, '/a.bin')

    assert.deepEqual([stored.status, refused.status], [201, 507])
    assertAllOk(changed)
    assert.equal(all?.found.get(`{${NAMESPACE}}Win32FileAttributes`)?.text, '00000020')
  })

  it('hears of a full server by 507 alone: it shows the free space of its own disk (WIN-07)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    const { submitted } = await lock(server, '/a.bin', { headers: AGENT })

    const refused = await ask(server, 'PUT /a.bin', {
      headers: { ...AGENT, If: submitted },
      body: randomBytes(1001),
    })

    assert.equal(refused.status, 507)
  })

  it('meets no limit of the server at the 50 MB where it stops by itself (WIN-08)', async (test) => {
    const server = await serverWith(test, { authenticate: anonymousAuthenticator() })
    const body = randomBytes(50_000_001)

    const stored = await ask(server, 'PUT /a.bin', { headers: AGENT, body })
    const read = await ask(server, 'GET /a.bin', { headers: AGENT })

    assert.deepEqual([stored.status, read.status], [201, 200])
    assert.equal(sha256(read.bytes), sha256(body))
  })
})

/** The PROPPATCH that follows every PUT. */
function win32(server: Address, target: string, headers: Readonly<Record<string, string>> = {}) {
  const values = Object.entries(ATTRIBUTES).map(([name, value]) => `<Z:${name}>${value}</Z:${name}>`)
  return ask(server, `PROPPATCH ${target}`, {
    headers: { ...AGENT, 'Content-Type': 'text/xml; charset="utf-8"', ...headers },
    body: `<?xml version="1.0" encoding="utf-8" ?>
<D:propertyupdate xmlns:D="DAV:" xmlns:Z="${NAMESPACE}"><D:set><D:prop>${values.join('')}</D:prop></D:set></D:propertyupdate>`,
  })
}

function assertAllOk(answer: Answer): void {
  assert.equal(answer.status, 207, answer.text)
  const statuses = [...answer.text.matchAll(/<D:status>([^<]*)<\/D:status>/g)].map(([, text]) => text)
  assert.deepEqual(statuses, ['HTTP/1.1 200 OK'], answer.text)
  assert.equal(parseXml(answer.text).name, 'DAV:multistatus')
}

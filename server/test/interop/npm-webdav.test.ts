import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, it, type TestContext } from 'node:test'
import { createClient, type FileStat, type WebDAVClient, type WebDAVClientError } from 'webdav'
import { basicAuthenticator } from '../../src/auth/basic.ts'
import { ask } from '../support/ask.ts'
import { inChunks, KIB, randomBytes, sha256 } from '../support/content.ts'
import { eventually } from '../support/eventually.ts'
import { asking, parseXml } from '../support/multistatus.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { DIFFICULT_NAMES } from './tree.ts'

const XML = { 'Content-Type': 'application/xml' }

describe('the npm package webdav', () => {
  it('makes folders, writes, lists, reads, copies, moves and deletes', async (test) => {
    const { server, client } = await connected(test)
    const body = randomBuffer(5000)

    await client.createDirectory('/a/b/c', { recursive: true })
    await client.putFileContents('/a/b/one.bin', body)
    await client.copyFile('/a/b', '/copy')
    await client.moveFile('/copy/one.bin', '/copy/two.bin')
    const listed = (await client.getDirectoryContents('/', { deep: false })) as FileStat[]
    const read = (await client.getFileContents('/copy/two.bin')) as Buffer
    const one = (await client.stat('/a/b/one.bin')) as FileStat
    await client.deleteFile('/a')

    assert.deepEqual(
      listed.map(({ filename, type }) => [filename, type]),
      [
        ['/a', 'directory'],
        ['/copy', 'directory'],
      ],
    )
    assert.equal(sha256(read), sha256(body))
    assert.deepEqual([one.type, one.size, one.mime], ['file', 5000, 'application/octet-stream'])
    assert.deepEqual(await Promise.all(['/a', '/copy/c'].map((path) => client.exists(path))), [false, true])
    assert.equal((await server.space()).usedBytes, 5000)
  })

  it('keeps what is there where it is told not to overwrite', async (test) => {
    const { client } = await connected(test)
    await client.putFileContents('/a.txt', 'old')
    await client.putFileContents('/b.txt', 'other')

    const put = await client.putFileContents('/a.txt', 'new', { overwrite: false })
    const copied = await statusOf(client.copyFile('/b.txt', '/a.txt', { overwrite: false }))
    const moved = await statusOf(client.moveFile('/b.txt', '/a.txt', { overwrite: false }))

    assert.deepEqual([put, copied, moved], [false, 412, 412])
    assert.equal(await client.getFileContents('/a.txt', { format: 'text' }), 'old')
    assert.equal(await client.putFileContents('/a.txt', 'new'), true)
  })

  it('writes and reads names that need escaping', async (test) => {
    const { server, client } = await connected(test)
    await client.createDirectory('/a % folder #1')

    for (const name of DIFFICULT_NAMES) await client.putFileContents(`/a % folder #1/${name}`, name)
    const listed = (await client.getDirectoryContents('/a % folder #1')) as FileStat[]

    assert.deepEqual(listed.map(({ basename }) => basename).sort(), [...DIFFICULT_NAMES].sort())
    for (const name of DIFFICULT_NAMES) {
      assert.equal(readFileSync(join(server.folder, 'a % folder #1', name), 'utf8'), name)
      assert.equal(await client.getFileContents(`/a % folder #1/${name}`, { format: 'text' }), name)
    }
  })

  it('reads a part of a file, and writes one from a stream', async (test) => {
    const { server, client } = await connected(test)
    const body = randomBytes(300 * KIB)

    const writing = client.createWriteStream('/a.bin') as unknown as NodeJS.WritableStream
    await pipeline(Readable.from(inChunks(body)), writing)
    // The stream ends before the answer comes.
    await eventually('it is stored', () => server.log.requests.some(({ method }) => method === 'PUT'))
    const range = { start: 1000, end: 200_000 }
    const part = await buffer(client.createReadStream('/a.bin', { range }) as unknown as Readable)

    assert.equal(sha256(readFileSync(join(server.folder, 'a.bin'))), sha256(body))
    assert.equal(sha256(part), sha256(body.subarray(1000, 200_001)))
  })

  it('is told the used and the available space where it asks for them by name (QUOTA-01, QUOTA-03)', async (test) => {
    const { client } = await connected(test)
    await client.putFileContents('/a.bin', randomBuffer(40 * KIB))
    const data = asking('quota-used-bytes', 'quota-available-bytes')

    const asked = await client.getQuota({ data, headers: XML })
    const unasked = await client.getQuota()

    assert.deepEqual(asked, { used: 40 * KIB, available: 1024 * KIB - 40 * KIB })
    // Without a body it asks for all properties, which these do not belong to (RFC 4331 §2).
    assert.equal(unasked, null)
  })

  it('locks, writes with the token, refreshes and unlocks', async (test) => {
    const { server, client } = await connected(test)
    await client.putFileContents('/a.txt', 'old')

    const { token } = await client.lock('/a.txt', { timeout: 'Second-600', headers: XML })
    const If = `(<${token}>)`
    const without = await statusOf(client.putFileContents('/a.txt', 'by somebody else'))
    await client.putFileContents('/a.txt', 'new', { headers: { If } })
    const headers = { If, Timeout: 'Second-900' }
    const refreshed = await client.customRequest('/a.txt', { method: 'LOCK', headers })
    const granted = await refreshed.text()
    await client.unlock('/a.txt', token)
    const after = await client.putFileContents('/a.txt', 'later')

    assert.deepEqual([without, refreshed.status, after], [423, 200, true])
    assert.match(granted, /Second-900/)
    assert.equal((await ask(server, 'GET /a.txt')).text, 'later')
  })

  it('locks though fetch calls the XML of its LOCK text/plain', async (test) => {
    const { client } = await connected(test)
    await client.putFileContents('/a.txt', 'old')

    const { token } = await client.lock('/a.txt')

    assert.match(token, /^urn:uuid:/)
    assert.equal(await statusOf(client.putFileContents('/a.txt', 'by somebody else')), 423)
  })

  it('sets properties by a request of its own, and finds them', async (test) => {
    const { client } = await connected(test)
    await client.putFileContents('/a.txt', 'x')

    const changed = await client.customRequest('/a.txt', {
      method: 'PROPPATCH',
      headers: XML,
      data: '<d:propertyupdate xmlns:d="DAV:" xmlns:x="http://example.org/"><d:set><d:prop><x:color>blue</x:color></d:prop></d:set></d:propertyupdate>',
    })
    const found = await client.stat('/a.txt', { details: true })

    assert.equal(changed.status, 207)
    assert.equal(parseXml(await changed.text()).name, 'DAV:multistatus')
    assert.ok('data' in found)
    assert.equal(found.data.props?.color, 'blue')
  })

  it('is refused with 507 and the reason, and what was there stays (CODE-01)', async (test) => {
    const { server, client } = await connected(test, 10 * KIB)
    const old = randomBuffer(6 * KIB)
    await client.putFileContents('/old.bin', old)

    const errors = [
      await failureOf(client.putFileContents('/new.bin', randomBuffer(5 * KIB))),
      await failureOf(client.putFileContents('/old.bin', randomBuffer(11 * KIB))),
      await failureOf(client.copyFile('/old.bin', '/copy.bin')),
    ]

    for (const error of errors) {
      assert.equal(error.status, 507)
      const { condition, storage } = refusalIn((await error.response?.text()) ?? '')
      assert.deepEqual([condition, storage.available], ['D:quota-not-exceeded', 4 * KIB])
    }
    assert.equal(sha256((await client.getFileContents('/old.bin')) as Buffer), sha256(old))
    assert.deepEqual(await server.space(), { usedBytes: 6 * KIB, availableBytes: 4 * KIB })
  })

  it('logs in', async (test) => {
    const authenticate = await basicAuthenticator([{ name: 'alice', password: 'secret' }])
    const server = await serverWith(test, { authenticate })

    const known = createClient(server.url, { username: 'alice', password: 'secret' })
    const stranger = createClient(server.url, { username: 'alice', password: 'wrong' })

    assert.equal(await known.putFileContents('/a.txt', 'x'), true)
    assert.equal(await statusOf(stranger.getFileContents('/a.txt')), 401)
  })
})

async function connected(
  test: TestContext,
  limitBytes = 1024 * KIB,
): Promise<{ server: TestServer; client: WebDAVClient }> {
  const server = await serverWith(test, { limitBytes })
  return { server, client: createClient(server.url) }
}

/** The package takes no bare Uint8Array. */
function randomBuffer(count: number): Buffer {
  return Buffer.from(randomBytes(count).buffer as ArrayBuffer)
}

async function failureOf(request: Promise<unknown>): Promise<WebDAVClientError> {
  const answered = await request.catch((error: unknown) => error)
  assert.ok(answered instanceof Error, 'it was not refused')
  return answered
}

async function statusOf(request: Promise<unknown>): Promise<number | undefined> {
  return (await failureOf(request)).status
}

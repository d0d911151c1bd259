import assert from 'node:assert/strict'
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { ServerOptions } from '../../src/server.ts'
import { answersIn } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { inChunks, MIB, randomBytes } from '../support/content.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { rawConnection } from '../support/raw.ts'
import { refusalIn } from '../support/refusal.ts'
import { whileServed } from '../support/served.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { cannotMount } from '../support/tools.ts'
import { type Uploaded, upload } from '../support/upload.ts'
import { mountedVolume } from '../support/volume.ts'

const QUOTA = 'D:quota-not-exceeded'
const DISK = 'D:sufficient-disk-space'

// More than any disk has: for the server, the volume is full.
const EVERYTHING = Number.MAX_SAFE_INTEGER

describe('a byte limit', () => {
  it('refuses a new file that is too big and says by how much (MX-01)', async (test) => {
    const server = await filledServer(test, { limitBytes: 10 * MIB, usedBytes: 6 * MIB })

    const answer = await refused(server, () => upload(server, '/new.bin', randomBytes(4 * MIB + 1)))

    assert.deepEqual([answer.status, answer.condition], [507, QUOTA])
    assert.deepEqual(answer.storage, {
      cause: 'collection-quota',
      needed: 4 * MIB + 1,
      available: 4 * MIB,
      limit: 10 * MIB,
      used: 6 * MIB,
      root: '/',
    })
    assert.equal(answer.headers.connection, 'close')
    await eventually('the request was logged', () => receivedBytes(server, 'PUT', '/new.bin') === 0)
  })

  it('charges an overwrite with its growth only (MX-01, STOR-06)', async (test) => {
    const server = await filledServer(test, { limitBytes: 10 * MIB, usedBytes: 6 * MIB })

    const over = await refused(server, () => upload(server, '/kept.bin', randomBytes(10 * MIB + 1)))
    const exact = await upload(server, '/kept.bin', randomBytes(10 * MIB))

    assert.deepEqual([over.status, over.condition], [507, QUOTA])
    assert.deepEqual([over.storage.needed, over.storage.available], [4 * MIB + 1, 4 * MIB])
    assert.equal(exact.status, 204)
    assert.deepEqual(await server.space(), { usedBytes: 10 * MIB, availableBytes: 0 })
  })

  it('refuses what the volume has no room for although the limit has (MX-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10 * MIB, keepFreeBytes: EVERYTHING })

    const answer = await refused(server, () => upload(server, '/new.bin', randomBytes(MIB)))

    assert.deepEqual([answer.status, answer.condition], [507, DISK])
    assert.deepEqual([answer.storage.cause, answer.storage.needed], ['disk-bytes', MIB])
    assert.equal(answer.storage.limit, undefined)
    assert.equal(answer.headers.connection, 'close')
    await eventually('the request was logged', () => receivedBytes(server, 'PUT', '/new.bin') === 0)
  })

  it('sends no 100 Continue to what does not fit, and gets not a byte (MX-03)', async (test) => {
    const server = await filledServer(test, { limitBytes: 10 * MIB, usedBytes: 6 * MIB })
    const put = (path: string) => upload(server, path, randomBytes(11 * MIB), { expects100: true })

    const answers = await Promise.all(['/new.bin', '/kept.bin'].map(put))

    for (const answer of answers) {
      assert.deepEqual([answer.status, answer.condition], [507, QUOTA])
      assert.deepEqual([answer.continued, answer.sentBytes], [false, 0])
      assert.equal(answer.headers.connection, 'close')
    }
  })

  it('keeps the connection when the refused body is small (MX-04)', async (test) => {
    const server = await filledServer(test, { limitBytes: 1000, usedBytes: 900 })
    const connection = await rawConnection(test, server)

    connection.write(`PUT /new.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n${'x'.repeat(200)}`)
    connection.write('OPTIONS / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const answers = answersIn(await connection.readToEnd())

    assert.deepEqual(
      answers.map(({ status }) => status),
      [507, 200],
    )
    assert.notEqual(answers[0]?.headers.get('connection'), 'close')
    assert.equal(refusalIn(answers[0]?.body ?? '').condition, QUOTA)
  })

  it('cuts a body without a length at the limit (MX-05, STOR-07)', async (test) => {
    const server = await filledServer(test, { limitBytes: 10 * MIB, usedBytes: 6 * MIB })

    const onNew = await refused(server, () => upload(server, '/new.bin', inChunks(randomBytes(12 * MIB))))
    const onOld = await refused(server, () => upload(server, '/kept.bin', inChunks(randomBytes(12 * MIB))))

    for (const answer of [onNew, onOld]) {
      assert.deepEqual([answer.status, answer.condition], [507, QUOTA])
      assert.equal(answer.headers.connection, 'close')
    }
    assert.equal(onNew.storage.available, 4 * MIB)
  })

  for (const hint of ['X-Expected-Entity-Length', 'OC-Total-Length']) {
    it(`believes ${hint} where a body has no length (MX-06)`, async (test) => {
      const server = await filledServer(test, { limitBytes: 10 * MIB, usedBytes: 6 * MIB })
      const body = randomBytes(5 * MIB)

      const answer = await refused(server, () =>
        upload(server, '/new.bin', inChunks(body), {
          headers: { [hint]: String(5 * MIB) },
          expects100: true,
        }),
      )

      assert.deepEqual([answer.status, answer.condition], [507, QUOTA])
      assert.deepEqual([answer.continued, answer.sentBytes], [false, 0])
      assert.deepEqual([answer.storage.needed, answer.storage.available], [5 * MIB, 4 * MIB])
    })
  }

  it('refuses a name that the volume has no inode for (MX-08)', { skip: cannotMount() }, async (test) => {
    const at = mountedVolume(test, 'tmpfs', { sizeBytes: 16 * MIB, inodes: 64 })
    const folder = join(at, 'files')
    mkdirSync(folder)
    const server = await serverWith(test, { folder, limitBytes: MIB })
    while (statfsSync(at).ffree > 0) writeFileSync(join(at, `inode-${statfsSync(at).ffree}`), '')

    const answer = await upload(server, '/new.bin', randomBytes(10), { expects100: true })

    assert.deepEqual([answer.status, answer.condition], [507, DISK])
    assert.deepEqual(answer.storage, { cause: 'inodes', needed: 1, available: 0 })
    assert.deepEqual([answer.continued, answer.sentBytes], [false, 0])
  })

  it('answers 413 to a file above the largest allowed one, room or not (MX-09)', async (test) => {
    const server = await serverWith(test, { maxFileBytes: MIB, limitBytes: 10 * MIB })

    const answer = await refused(server, () =>
      upload(server, '/new.bin', randomBytes(11 * MIB), { expects100: true }),
    )

    assert.deepEqual([answer.status, answer.condition], [413, 'x:max-file-size'])
    assert.match(answer.text, /limit="1048576"/)
    assert.deepEqual([answer.continued, answer.sentBytes], [false, 0])
    assert.deepEqual([answer.headers.connection, answer.headers['retry-after']], ['close', undefined])
  })

  it('answers 413 when a body without a length passes the largest allowed file (MX-10)', async (test) => {
    const server = await serverWith(test, { maxFileBytes: MIB, limitBytes: 10 * MIB })

    const over = await refused(server, () => upload(server, '/new.bin', inChunks(randomBytes(2 * MIB))))
    const exact = await upload(server, '/new.bin', inChunks(randomBytes(MIB)))

    assert.deepEqual([over.status, over.condition], [413, 'x:max-file-size'])
    assert.equal(over.headers.connection, 'close')
    assert.equal(exact.status, 201)
  })

  it('lets equal and smaller content replace a file when nothing is left (MX-11, QUOTA-09)', async (test) => {
    const server = await filledServer(test, { limitBytes: 6 * MIB, usedBytes: 6 * MIB })
    const sizes = [6 * MIB, 6 * MIB - 1, 0]

    const statuses: number[] = []
    for (const size of sizes) {
      statuses.push((await upload(server, '/kept.bin', randomBytes(size))).status)
      assert.deepEqual(await server.space(), { usedBytes: size, availableBytes: 6 * MIB - size })
    }

    assert.deepEqual(statuses, [204, 204, 204])
    assert.equal(server.countedBytes(), 0)
  })

  it('refuses a replacement when the volume has no room for the staged copy (MX-12)', async (test) => {
    const folder = temporaryFolder(test)
    await whileServed(folder, (server) => upload(server, '/kept.bin', randomBytes(MIB)))
    const server = await serverWith(test, { folder, limitBytes: 10 * MIB, keepFreeBytes: EVERYTHING })

    const answer = await refused(server, () =>
      upload(server, '/kept.bin', randomBytes(MIB), { expects100: true }),
    )

    assert.deepEqual([answer.status, answer.condition], [507, DISK])
    assert.deepEqual([answer.continued, answer.sentBytes], [false, 0])
  })

  it('takes a file of zero bytes and a folder when no byte is left (MX-13)', async (test) => {
    const server = await filledServer(test, { limitBytes: MIB, usedBytes: MIB })

    const file = await upload(server, '/empty.txt', new Uint8Array())
    const folder = await ask(server, 'MKCOL /folder')

    assert.deepEqual([file.status, folder.status], [201, 201])
    assert.deepEqual(await server.space(), { usedBytes: MIB, availableBytes: 0 })
  })

  it('makes no folder when the volume is full (MX-18, STOR-18)', async (test) => {
    const server = await serverWith(test, { limitBytes: MIB, keepFreeBytes: EVERYTHING })

    const headers = { Connection: 'keep-alive' }
    const answer = await refused(server, () => ask(server, 'MKCOL /folder', { headers }))
    const after = await ask(server, 'PROPFIND /folder', { headers: { Depth: '0' } })

    assert.deepEqual([answer.status, refusalIn(answer.text).condition], [507, DISK])
    assert.notEqual(answer.headers.connection, 'close')
    assert.equal(after.status, 404)
  })

  it('deletes at and above the limit, and the room is there at once (MX-34)', async (test) => {
    const server = await filledServer(test, { limitBytes: 4 * MIB, usedBytes: 6 * MIB })
    const full = await server.space()

    const deleted = await ask(server, 'DELETE /kept.bin')
    const stored = await upload(server, '/new.bin', randomBytes(4 * MIB))

    assert.deepEqual(full, { usedBytes: 6 * MIB, availableBytes: 0 })
    assert.deepEqual([deleted.status, stored.status], [204, 201])
    assert.deepEqual(await server.space(), { usedBytes: 4 * MIB, availableBytes: 0 })
  })

  it('reads and lists when neither limit nor volume has room (MX-35)', async (test) => {
    const server = await filledServer(test, { limitBytes: MIB, usedBytes: MIB, keepFreeBytes: EVERYTHING })

    const lines = ['GET /kept.bin', 'HEAD /kept.bin', 'OPTIONS /', 'GET /', 'PROPFIND /']
    const answers = await Promise.all(lines.map((line) => ask(server, line, { headers: { Depth: '1' } })))

    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 207],
    )
    assert.deepEqual(await server.space(), { usedBytes: MIB, availableBytes: 0 })
  })
})

/** A server with one file of `usedBytes`, stored before there was a limit. */
async function filledServer(
  test: TestContext,
  { usedBytes, ...options }: Partial<ServerOptions> & { usedBytes: number },
): Promise<TestServer> {
  const folder = temporaryFolder(test)
  await whileServed(folder, (server) => upload(server, '/kept.bin', randomBytes(usedBytes)))
  return await serverWith(test, { folder, ...options })
}

/** Runs what is to be refused, and sees to it that nothing at all has changed by it (STOR-01). */
async function refused<T extends Uploaded | Awaited<ReturnType<typeof ask>>>(
  server: TestServer,
  act: () => Promise<T>,
): Promise<T> {
  const before = { ...(await snapshotOf(server)), space: await server.space() }
  const answer = await act()
  assert.deepEqual({ ...(await snapshotOf(server)), space: await server.space() }, before)
  assert.equal(before.usedBytes, server.countedBytes())
  assert.equal(answer.headers['retry-after'], undefined)
  return answer
}

function receivedBytes(server: TestServer, method: string, path: string): number | undefined {
  return server.log.requests.find((record) => record.method === method && record.path === path)?.receivedBytes
}

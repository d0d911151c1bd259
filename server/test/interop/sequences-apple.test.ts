import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { head } from '../support/answers.ts'
import { type Answer, ask } from '../support/ask.ts'
import { KIB, randomBytes, sha256 } from '../support/content.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { rawConnection } from '../support/raw.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { upload } from '../support/upload.ts'
import { lock } from './lock-request.ts'

// What the WebDAV file system of macOS and the Finder above it send, replayed; they run nowhere else.
const AGENT = { 'User-Agent': 'WebDAVFS/3.0.0 (03008000) Darwin/24.0.0 (arm64)', Accept: '*/*' }
const ASKED = asking('getlastmodified', 'getcontentlength', 'creationdate', 'resourcetype')
const QUOTA = 'D:quota-not-exceeded'

describe('macOS: mounting', () => {
  it('learns of class 2, without which the volume is read-only (APL-01)', async (test) => {
    const server = await serverWith(test)

    const answer = await ask(server, 'OPTIONS /', { headers: AGENT })

    assert.equal(answer.status, 200)
    const classes = String(answer.headers.dav).split(/\s*,\s*/)
    assert.ok(classes.includes('1') && classes.includes('2'), String(answer.headers.dav))
  })

  it('reads the free space from the quota properties of the root (APL-03)', async (test) => {
    const server = await serverWith(test, { limitBytes: 100_000 })
    await ask(server, 'PUT /a.bin', { headers: AGENT, body: randomBytes(40_000) })

    // The older names of the same numbers are asked for in the same request.
    const body = asking('quota-available-bytes', 'quota-used-bytes', 'quota', 'quotaused')
    const [root] = await propfind(server, '/', { body })

    assert.equal(root?.found.get('DAV:quota-available-bytes')?.text, '60000')
    assert.equal(root?.found.get('DAV:quota-used-bytes')?.text, '40000')
    assert.deepEqual(root?.missing, ['DAV:quota', 'DAV:quotaused'])
  })

  it('opens the root by PROPFIND of depth 0 and 1, and finds types and lengths (APL-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /folder')
    await ask(server, 'PUT /a.txt', { body: 'twelve bytes' })

    const [root] = await propfind(server, '/', { body: ASKED })
    const members = await propfind(server, '/', { depth: '1', body: ASKED })

    assert.equal(root?.found.get('DAV:resourcetype')?.children[0]?.name, 'DAV:collection')
    assert.deepEqual(members.map(({ href }) => href).sort(), ['/', '/a.txt', '/folder/'])
    const file = members.find(({ href }) => href === '/a.txt')
    assert.equal(file?.found.get('DAV:getcontentlength')?.text, '12')
  })
})

describe('macOS: the code that a person sees as an error', () => {
  it('is 507 for "disk full" wherever a write does not fit (APL-02)', async (test) => {
    const { server } = await almostFull(test)
    const { submitted } = await lock(server, '/locked.bin')
    const big = randomBytes(20 * KIB)

    const answers = [
      await ask(server, 'PUT /new.bin', { headers: AGENT, body: big }),
      await ask(server, 'PUT /chunked.bin', { headers: AGENT, body: big, chunked: true }),
      await ask(server, 'PUT /old.bin', { headers: AGENT, body: randomBytes(200 * KIB) }),
      await ask(server, 'PUT /locked.bin', { headers: { ...AGENT, If: submitted }, body: big }),
      await ask(server, 'COPY /old.bin', { headers: { ...AGENT, Destination: `${server.url}/copy.bin` } }),
    ]

    assert.deepEqual(
      answers.map(({ status, text }) => [status, refusalIn(text).condition]),
      answers.map(() => [507, QUOTA]),
    )
  })

  it('is 413 only for a file larger than any may be, 409 only for a missing parent, 423 only for a lock (APL-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 100_000, maxFileBytes: 50_000 })
    await lock(server, '/locked.txt')

    const tooLarge = await ask(server, 'PUT /a.bin', { headers: AGENT, body: randomBytes(50_001) })
    const orphan = await ask(server, 'PUT /missing/a.bin', { headers: AGENT, body: 'x' })
    const noFolder = await ask(server, 'MKCOL /missing/folder', { headers: AGENT })
    const locked = await ask(server, 'PUT /locked.txt', { headers: AGENT, body: 'x' })
    const gone = await ask(server, 'DELETE /missing.txt', { headers: AGENT })

    assert.deepEqual(
      [tooLarge, orphan, noFolder, locked, gone].map(({ status }) => status),
      [413, 409, 409, 423, 404],
    )
  })
})

describe('macOS: saving a file', () => {
  it('puts nothing, locks, puts in chunks with the expected length, and looks in between (APL-05)', async (test) => {
    const server = await serverWith(test, { limitBytes: 200 * KIB })
    const body = randomBytes(100 * KIB)

    const before = await ask(server, 'PROPFIND /a.bin', { headers: { ...AGENT, Depth: '0' }, body: ASKED })
    const empty = await ask(server, 'PUT /a.bin', { headers: AGENT, body: '' })
    const { answer: locked, token, submitted } = await lock(server, '/a.bin', { headers: AGENT })
    const [created] = await propfind(server, '/a.bin', { body: ASKED })
    const stored = await ask(server, 'PUT /a.bin', {
      headers: { ...AGENT, If: submitted, 'X-Expected-Entity-Length': String(body.byteLength) },
      body,
      chunked: true,
    })
    const [after] = await propfind(server, '/a.bin', { body: ASKED })
    const unlocked = await ask(server, 'UNLOCK /a.bin', { headers: { ...AGENT, 'Lock-Token': `<${token}>` } })

    assert.deepEqual([before, empty, locked, stored, unlocked].map(statusOf), [404, 201, 200, 204, 204])
    assert.equal(created?.found.get('DAV:getcontentlength')?.text, '0')
    assert.equal(after?.found.get('DAV:getcontentlength')?.text, String(body.byteLength))
    assert.equal(sha256((await ask(server, 'GET /a.bin')).bytes), sha256(body))
  })

  it('is refused by the expected length before it sends a byte (APL-04)', async (test) => {
    const { server } = await almostFull(test)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /a.bin', 'Transfer-Encoding: chunked', 'X-Expected-Entity-Length: 20480'))
    const answer = await connection.read(/<\/D:error>/)
    connection.socket.destroy()

    assert.match(answer, /^HTTP\/1\.1 507 /)
    assert.equal(refusalIn(answer).condition, QUOTA)
  })

  it('is refused by the bytes that really come where the expected length was too small (APL-04)', async (test) => {
    const { server } = await almostFull(test)
    const before = await server.space()

    const refused = await upload(server, '/a.bin', randomBytes(100 * KIB), {
      declaredBytes: null,
      headers: { ...AGENT, 'X-Expected-Entity-Length': '10' },
    })

    assert.deepEqual([refused.status, refused.condition], [507, QUOTA])
    assert.equal((await ask(server, 'HEAD /a.bin')).status, 404)
    assert.deepEqual(await server.space(), before)
  })

  it('may expect less or more than it sends as long as that fits (APL-04)', async (test) => {
    const { server } = await almostFull(test)

    for (const expected of ['1', '5000']) {
      const headers = { ...AGENT, 'X-Expected-Entity-Length': expected }
      const stored = await ask(server, 'PUT /a.txt', { headers, body: 'four', chunked: true })
      assert.ok(stored.status === 201 || stored.status === 204, stored.text)
    }

    assert.equal((await ask(server, 'GET /a.txt')).text, 'four')
  })

  it('writes its ._ and .DS_Store files as ordinary ones that are charged (APL-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })

    for (const name of ['._a.txt', '.DS_Store', '.metadata_never_index']) {
      const stored = await ask(server, `PUT /${name}`, { headers: AGENT, body: randomBytes(1000) })
      assert.equal(stored.status, 201, name)
    }

    assert.deepEqual(await server.space(), { usedBytes: 3000, availableBytes: 7000 })
    assert.equal((await ask(server, 'GET /._a.txt')).bytes.byteLength, 1000)
  })
})

describe('macOS: after a refusal', () => {
  for (const when of ['after it unlocked it', 'with its lock token'] as const) {
    it(`deletes the empty file that is left of a refused save ${when} (APL-08)`, async (test) => {
      const { server } = await almostFull(test)
      const before = await server.space()
      await ask(server, 'PUT /a.bin', { headers: AGENT, body: '' })
      const { token, submitted } = await lock(server, '/a.bin', { headers: AGENT })

      const refused = await ask(server, 'PUT /a.bin', {
        headers: { ...AGENT, If: submitted, 'X-Expected-Entity-Length': '102400' },
        body: randomBytes(100 * KIB),
        chunked: true,
      })
      const holding = { ...AGENT, If: submitted }
      if (when === 'after it unlocked it') {
        await ask(server, 'UNLOCK /a.bin', { headers: { 'Lock-Token': `<${token}>` } })
      }
      const headers = when === 'after it unlocked it' ? AGENT : holding
      const deleted = await ask(server, 'DELETE /a.bin', { headers })
      const again = await ask(server, 'PUT /a.bin', { headers: AGENT, body: '' })

      assert.deepEqual([refused, deleted, again].map(statusOf), [507, 204, 201])
      assert.deepEqual(await server.space(), before)
    })
  }
})

describe('macOS: names', () => {
  it('moves and copies to names whose : ; ? it escapes (APL-07)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /plain.txt', { headers: AGENT, body: 'content' })
    const copied = '/1%3A2%3B3%3F4.txt'
    const moved = '/a%3Ab%3Bc%3Fd%20e.txt'

    const copy = await ask(server, 'COPY /plain.txt', destination(server, copied))
    const move = await ask(server, `MOVE ${copied}`, destination(server, moved))
    const members = await propfind(server, '/', { depth: '1', body: asking('displayname') })
    const file = members.find(({ href }) => decodeURIComponent(href) === '/a:b;c?d e.txt')

    assert.deepEqual([copy, move].map(statusOf), [201, 201])
    assert.equal(file?.found.get('DAV:displayname')?.text, 'a:b;c?d e.txt')
    assert.equal((await ask(server, `GET ${file?.href}`)).text, 'content')
    assert.equal((await ask(server, `HEAD ${copied}`)).status, 404)
  })
})

/** 10 KiB are left, and /old.bin has 90 KiB. */
async function almostFull(test: TestContext): Promise<{ server: TestServer }> {
  const server = await serverWith(test, { limitBytes: 100 * KIB })
  await ask(server, 'PUT /old.bin', { body: randomBytes(90 * KIB) })
  return { server }
}

function destination(server: TestServer, path: string) {
  return { headers: { ...AGENT, Destination: server.url + path, Overwrite: 'F' } }
}

function statusOf({ status }: Answer): number {
  return status
}

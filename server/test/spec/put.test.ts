import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { head, remainingAnswers } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes, sha256 } from '../support/content.ts'
import { eventually, requestEnded } from '../support/eventually.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { type RawConnection, rawConnection } from '../support/raw.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'

describe('PUT (RFC 9110 §9.3.4, RFC 4918 §9.7)', () => {
  it('answers 201 for a new file and 204 for a replaced one (HTTP-35)', async (test) => {
    const server = await serverWith(test)

    const created = await ask(server, 'PUT /a.txt', { body: 'one' })
    const replaced = await ask(server, 'PUT /a.txt', { body: 'two' })

    assert.deepEqual([created.status, replaced.status], [201, 204])
    assert.equal((await ask(server, 'GET /a.txt')).text, 'two')
  })

  it('stores every byte as it came, at every size around its buffers (HTTP-34)', async (test) => {
    const server = await serverWith(test)

    for (const size of [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB, 5 * MIB + 7]) {
      const body = randomBytes(size)
      await ask(server, 'PUT /a.bin', { body })
      assert.equal(sha256(readFileSync(join(server.folder, 'a.bin'))), sha256(body))
      assert.equal(sha256((await ask(server, 'GET /a.bin')).bytes), sha256(body))
    }
  })

  it('takes a body in chunks, and never asks for a length (PUT-10)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10 * MIB })
    const body = randomBytes(3 * MIB)

    const { status } = await ask(server, 'PUT /a.bin', { body, chunked: true })

    assert.equal(status, 201)
    assert.equal(sha256((await ask(server, 'GET /a.bin')).bytes), sha256(body))
    assert.deepEqual(await server.space(), { usedBytes: 3 * MIB, availableBytes: 7 * MIB })
  })

  it('does not make missing parents (PUT-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /file', { body: 'x' })

    for (const target of ['/missing/a.txt', '/missing/deep/a.txt', '/file/a.txt']) {
      assert.equal((await ask(server, `PUT ${target}`, { body: 'x' })).status, 409, target)
    }
    assert.equal((await ask(server, 'GET /missing')).status, 404)
  })

  it('does not replace a collection (PUT-02)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /folder')

    for (const target of ['/folder', '/']) {
      const { status, headers } = await ask(server, `PUT ${target}`, { body: 'x' })
      assert.equal(status, 405)
      assert.ok(headers.allow?.includes('PROPFIND'))
      assert.ok(!headers.allow?.split(', ').includes('PUT'))
    }
    const [member] = await propfind(server, '/folder')
    assert.equal(member?.found.get('DAV:resourcetype')?.children[0]?.name, 'DAV:collection')
  })

  it('renews what the server computes (PUT-03)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'one' })
    const body = asking('getcontentlength', 'getetag', 'creationdate')
    const [before] = await propfind(server, '/a.txt', { body })

    await ask(server, 'PUT /a.txt', { body: 'three' })

    const [after] = await propfind(server, '/a.txt', { body })
    assert.equal(after?.found.get('DAV:getcontentlength')?.text, '5')
    assert.notEqual(after?.found.get('DAV:getetag')?.text, before?.found.get('DAV:getetag')?.text)
  })

  it('refuses a part of a file, which stays as it is (HTTP-36)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'hello' })
    const before = await snapshotOf(server)

    for (const range of ['bytes 0-1/5', 'bytes 5-9/*', 'what']) {
      const { status } = await ask(server, 'PUT /a.txt', { body: 'xx', headers: { 'Content-Range': range } })
      assert.equal(status, 400, range)
    }

    assert.deepEqual(await snapshotOf(server), before)
  })

  it('refuses encoded content and says what it takes (HTTP-54)', async (test) => {
    const server = await serverWith(test)

    for (const coding of ['gzip', 'GZIP', 'identity, gzip', 'aes128gcm']) {
      const { status, headers } = await ask(server, 'PUT /a.txt', {
        body: 'x',
        headers: { 'Content-Encoding': coding },
      })
      assert.deepEqual([status, headers['accept-encoding']], [415, 'identity'], coding)
    }
    const plain = await ask(server, 'PUT /a.txt', { body: 'x', headers: { 'Content-Encoding': 'identity' } })
    assert.equal(plain.status, 201)
  })

  it('keeps the media type it was given (HTTP-58)', async (test) => {
    const server = await serverWith(test)
    const types = ['text/markdown; charset=utf-8', 'application/vnd.example+json', 'text/html; charset="x y"']

    for (const type of types) {
      await ask(server, 'PUT /a.txt', { body: 'x', headers: { 'Content-Type': type } })
      const { headers } = await ask(server, 'GET /a.txt')
      const [member] = await propfind(server, '/a.txt', { body: asking('getcontenttype') })
      assert.equal(headers['content-type'], type)
      assert.equal(member?.found.get('DAV:getcontenttype')?.text, type)
    }
  })

  it('guesses the media type by the name where none is given (HTTP-58)', async (test) => {
    const server = await serverWith(test)
    const guessed: Readonly<Record<string, RegExp>> = {
      'a.png': /^image\/png$/,
      'a.txt': /^text\/plain\b/,
      'a.pdf': /^application\/pdf$/,
      'a.unheardof': /^application\/octet-stream$/,
      a: /^application\/octet-stream$/,
    }

    for (const [name, type] of Object.entries(guessed)) {
      await ask(server, `PUT /${name}`, { body: 'x' })
      assert.match((await ask(server, `GET /${name}`)).headers['content-type'] ?? '', type)
    }
  })

  it('forgets the media type of what it replaces (HTTP-58)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'x', headers: { 'Content-Type': 'image/png' } })

    await ask(server, 'PUT /a.txt', { body: 'x' })

    assert.match((await ask(server, 'GET /a.txt')).headers['content-type'] ?? '', /^text\/plain\b/)
  })

  it('shows readers the old file until it shows them the new one whole (HTTP-57)', async (test) => {
    const server = await serverWith(test)
    const versions = ['a', 'b', 'c'].map((letter) => letter.repeat(2 * MIB))
    await ask(server, 'PUT /a.bin', { body: versions[0] ?? '' })
    let writing = true

    const writes = (async () => {
      for (let round = 0; round < 12; round++) {
        await ask(server, 'PUT /a.bin', { body: versions[round % 3] ?? '' })
      }
      writing = false
    })()
    const seen = new Set<boolean>()
    while (writing) seen.add(versions.includes((await ask(server, 'GET /a.bin')).text))
    await writes

    assert.deepEqual([...seen], [true])
  })
})

describe('a PUT that does not end well (RFC 9112 §6.3)', () => {
  const framings: [string, readonly string[], string][] = [
    ['with a length', ['Content-Length: 4000'], 'x'.repeat(2000)],
    ['in chunks', ['Transfer-Encoding: chunked'], `7d0\r\n${'x'.repeat(2000)}\r\n`],
  ]
  for (const [framing, fields, beginning] of framings) {
    for (const target of ['/new.bin', '/old.bin']) {
      it(`leaves no trace when its sender goes away: ${target} ${framing} (PUT-06)`, async (test) => {
        const server = await serverWith(test, { limitBytes: 10_000 })
        await ask(server, 'PUT /old.bin', { body: 'the old content' })
        const before = await snapshotOf(server)
        const room = await server.space()
        const connection = await rawConnection(test, server)

        connection.write(head(`PUT ${target}`, ...fields) + beginning)
        await eventually('bytes are staged', () => server.strays().length === 1)
        connection.socket.resetAndDestroy()

        await requestEnded(server, `PUT ${target}`, target === '/old.bin' ? 2 : 1)
        assert.deepEqual(await snapshotOf(server), before)
        assert.deepEqual(await server.space(), room)
        assert.equal(server.countedBytes(), 15)
      })
    }
  }

  it('shows no new member while it runs (PUT-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const connection = await beginUpload(test, server, '/new.bin', 4000)

    const members = await propfind(server, '/', { depth: '1' })

    connection.socket.destroy()
    assert.deepEqual(
      members.map(({ href }) => href),
      ['/'],
    )
    assert.deepEqual(readdirSync(server.folder), ['.plimsoll'])
  })

  it('leaves no empty or cut file when the quota ends it (PUT-08)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const before = await snapshotOf(server)
    const body = randomBytes(10_001)

    const declared = await ask(server, 'PUT /a.bin', { body })
    const chunked = await ask(server, 'PUT /a.bin', { body, chunked: true })

    assert.deepEqual([declared.status, chunked.status], [507, 507])
    assert.deepEqual(await snapshotOf(server), before)
    assert.equal((await server.space()).availableBytes, 10_000)
  })

  it('leaves the old file whole when the quota ends it (PUT-08)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'PUT /a.bin', { body: randomBytes(9000) })
    const before = await snapshotOf(server)

    const { status } = await ask(server, 'PUT /a.bin', { body: randomBytes(20_000), chunked: true })

    assert.equal(status, 507)
    assert.deepEqual(await snapshotOf(server), before)
  })
})

describe('two PUTs at once (RFC 9110 §9.3.4)', () => {
  it('end with the last commit, whole (PUT-09)', async (test) => {
    const server = await serverWith(test, { limitBytes: 100_000 })
    const first = await beginUpload(test, server, '/a.bin', 3000, 'a')
    const second = await beginUpload(test, server, '/a.bin', 3000, 'b')

    second.write('b'.repeat(1000))
    const [secondAnswer] = await remainingAnswers(second)
    const between = (await ask(server, 'GET /a.bin')).text
    first.write('a'.repeat(1000))
    const [firstAnswer] = await remainingAnswers(first)

    assert.deepEqual([secondAnswer?.status, firstAnswer?.status], [201, 204])
    assert.equal(between, 'b'.repeat(3000))
    assert.equal((await ask(server, 'GET /a.bin')).text, 'a'.repeat(3000))
    assert.deepEqual(await server.space(), { usedBytes: 3000, availableBytes: 97_000 })
  })

  it('both hold their room while they run (PUT-09, QUOTA-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const first = await beginUpload(test, server, '/a.bin', 4000)
    const second = await beginUpload(test, server, '/b.bin', 4000)

    const running = await server.space()
    const third = await ask(server, 'PUT /c.bin', { body: randomBytes(2001) })
    const fourth = await ask(server, 'PUT /d.bin', { body: randomBytes(2000) })
    for (const { socket } of [first, second]) socket.destroy()
    await requestEnded(server, 'PUT /a.bin')
    await requestEnded(server, 'PUT /b.bin')

    assert.deepEqual(running, { usedBytes: 0, availableBytes: 2000 })
    assert.deepEqual([third.status, fourth.status], [507, 201])
    assert.deepEqual(await server.space(), { usedBytes: 2000, availableBytes: 8000 })
  })

  it('of which only one fits are one 201 and one 507 (PUT-09)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })

    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        ['/a', '/b'].map((target) => ask(server, `PUT ${target}`, { body: randomBytes(6000) })),
      )
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 507])
      await Promise.all(['/a', '/b'].map((target) => ask(server, `DELETE ${target}`)))
    }
    assert.deepEqual(await server.space(), { usedBytes: 0, availableBytes: 10_000 })
  })
})

/** Sends the head and all but the last 1000 bytes, and waits until they are being staged. */
async function beginUpload(
  test: TestContext,
  server: TestServer,
  target: string,
  bytes: number,
  letter = 'x',
): Promise<RawConnection> {
  const running = server.strays().length
  const connection = await rawConnection(test, server)
  connection.write(head(`PUT ${target}`, `Content-Length: ${bytes}`, 'Connection: close'))
  connection.write(letter.repeat(bytes - 1000))
  await eventually('the upload is staged', () => server.strays().length === running + 1)
  return connection
}

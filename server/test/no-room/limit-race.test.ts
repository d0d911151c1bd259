import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { inChunks, KIB, MIB, randomBytes, sha256 } from '../support/content.ts'
import { eventually } from '../support/eventually.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { upload } from '../support/upload.ts'

const CLIENTS = 64

describe('many uploads at once against a limit', () => {
  it('accepts exactly as many of 64 as fit, when each says its size (STOR-05)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10 * 100 * KIB })
    const bodies = Array.from({ length: CLIENTS }, () => randomBytes(100 * KIB))

    const watch = watched(server)
    const answers = await Promise.all(bodies.map((body, index) => upload(server, `/${index}.bin`, body)))
    const mostBytes = await watch.end()

    const statuses = answers.map(({ status }) => status).sort()
    assert.deepEqual(statuses, [...Array(10).fill(201), ...Array(CLIENTS - 10).fill(507)])
    assert.ok(mostBytes <= 10 * 100 * KIB, `${mostBytes} bytes were in use`)
    assert.deepEqual(await server.space(), { usedBytes: 10 * 100 * KIB, availableBytes: 0 })
    assert.equal(server.countedBytes(), 10 * 100 * KIB)
    for (const [index, body] of bodies.entries()) {
      if (answers[index]?.status !== 201) continue
      assert.equal(sha256((await ask(server, `GET /${index}.bin`)).bytes), sha256(body))
    }
  })

  it('never stores a byte past the limit when none of 64 says its size (STOR-05, STOR-07)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10 * 100 * KIB })
    const bodies = Array.from({ length: CLIENTS }, () => randomBytes(100 * KIB))

    const watch = watched(server)
    const answers = await Promise.all(
      bodies.map((body, index) => upload(server, `/${index}.bin`, inChunks(body, 10 * KIB))),
    )
    const mostBytes = await watch.end()

    const accepted = answers.filter(({ status }) => status === 201).length
    assert.equal(answers.filter(({ status }) => status === 507).length, CLIENTS - accepted)
    assert.ok(accepted >= 1 && accepted <= 10, `${accepted} were accepted`)
    assert.ok(mostBytes <= 10 * 100 * KIB, `${mostBytes} bytes were in use`)
    const usedBytes = accepted * 100 * KIB
    assert.deepEqual(await server.space(), { usedBytes, availableBytes: 10 * 100 * KIB - usedBytes })
    assert.equal(server.countedBytes(), usedBytes)
    assert.deepEqual(server.strays(), [])
  })

  it('charges 64 overwrites of one file once (STOR-06, QUOTA-17)', async (test) => {
    const server = await serverWith(test, { limitBytes: MIB })
    await upload(server, '/hot.bin', randomBytes(10 * KIB))
    const bodies = Array.from({ length: CLIENTS }, () => randomBytes(10 * KIB))

    const answers = await Promise.all(bodies.map((body) => upload(server, '/hot.bin', body)))
    const { bytes } = await ask(server, 'GET /hot.bin')

    assert.ok(answers.every(({ status }) => status === 204))
    assert.ok(bodies.map(sha256).includes(sha256(bytes)))
    assert.deepEqual(await server.space(), { usedBytes: 10 * KIB, availableBytes: MIB - 10 * KIB })
    assert.deepEqual(server.strays(), [])
  })
})

describe('a body without a length', () => {
  for (const pieceBytes of [1000, 64 * KIB, 3 * MIB]) {
    it(`is taken to the last byte in pieces of ${pieceBytes}, and not a byte more (STOR-07)`, async (test) => {
      const server = await serverWith(test, { limitBytes: 3 * MIB })

      const over = await upload(server, '/file.bin', inChunks(randomBytes(3 * MIB + 1), pieceBytes))
      const exact = await upload(server, '/file.bin', inChunks(randomBytes(3 * MIB), pieceBytes))

      assert.deepEqual([over.status, exact.status], [507, 201])
      assert.deepEqual(await server.space(), { usedBytes: 3 * MIB, availableBytes: 0 })
    })
  }

  it('gives back what a hint claimed too much, and may pass a hint that was too small (MX-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 4 * MIB })
    const hinted = (path: string, hintBytes: number) =>
      upload(server, path, inChunks(randomBytes(MIB)), {
        headers: { 'X-Expected-Entity-Length': String(hintBytes) },
      })

    const tooLarge = await hinted('/one.bin', 4 * MIB)
    const afterwards = await server.space()
    const tooSmall = await hinted('/two.bin', 1)

    assert.deepEqual([tooLarge.status, tooSmall.status], [201, 201])
    assert.deepEqual(afterwards, { usedBytes: MIB, availableBytes: 3 * MIB })
    assert.deepEqual(await server.space(), { usedBytes: 2 * MIB, availableBytes: 2 * MIB })
  })
})

describe('room that is promised', () => {
  it('is nobody else’s while the upload runs, and free when its client goes away (STOR-08)', async (test) => {
    const server = await serverWith(test, { limitBytes: 4 * MIB })
    const connection = new AbortController()
    const slow = server
      .fetch('/slow.bin', {
        method: 'PUT',
        body: ReadableStream.from(endless()),
        headers: { 'X-Expected-Entity-Length': String(3 * MIB) },
        duplex: 'half',
        signal: connection.signal,
      })
      .catch(() => null)
    await eventually('the room is claimed', async () => (await server.space()).availableBytes === MIB)

    const meanwhile = await upload(server, '/other.bin', randomBytes(MIB + 1))
    connection.abort()
    await slow
    await eventually('the room is free', async () => (await server.space()).availableBytes === 4 * MIB)
    const afterwards = await upload(server, '/other.bin', randomBytes(4 * MIB))

    assert.deepEqual([meanwhile.status, meanwhile.storage.available], [507, MIB])
    assert.equal(afterwards.status, 201)
    assert.deepEqual(server.strays(), [])
  })
})

/** One piece, and then nothing for as long as the test runs. */
async function* endless(): AsyncGenerator<Uint8Array> {
  yield randomBytes(KIB)
  await new Promise(() => {})
}

/** Looks at the folder over and over; the most that was visible in it at any time, or claimed as used. */
function watched(server: TestServer): { end(): Promise<number> } {
  let running = true
  let mostBytes = 0
  const looking = (async () => {
    while (running) {
      const { usedBytes } = await server.space()
      mostBytes = Math.max(mostBytes, usedBytes, server.countedBytes())
    }
  })()
  return {
    async end() {
      running = false
      await looking
      return mostBytes
    },
  }
}

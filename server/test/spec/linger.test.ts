import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { answersIn, head, remainingAnswers } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { MIB } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverProcess } from '../support/process.ts'
import { type RawConnection, rawConnection } from '../support/raw.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'

async function serverWithFile(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 1000 })
  await ask(server, 'PUT /keep.txt', { body: 'kept' })
  return server
}

describe('a sender that does not stop for its refusal (RFC 9112 §9.6)', () => {
  it('still reads the 507 after all of its 64 MiB (HTTP-13)', async (test) => {
    const server = await serverWithFile(test)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', `Content-Length: ${64 * MIB}`))
    await send(connection, 64 * MIB)
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 507)
    assert.match(answer.body, /<D:quota-not-exceeded\/>[\s\S]*<\/D:error>\n$/)
  })

  it('is told that the answer has ended while it is still sending (HTTP-13)', {
    timeout: 10_000,
  }, async (test) => {
    const server = await serverWith(test, { limitBytes: 1000, limits: { lingerIdleSeconds: 60 } })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', `Content-Length: ${64 * MIB}`))
    const [answer] = answersIn(await connection.readToEnd())

    assert.equal(answer?.status, 507)
    assert.equal(connection.socket.writable, true)
    connection.socket.destroy()
  })

  it('still reads a 400 after what it sent could not be understood (HTTP-13)', async (test) => {
    const server = await serverWithFile(test)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', 'Content-Length: five'))
    await connection.read(/<\/D:error>/)
    await send(connection, 8 * MIB)
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 400)
  })

  it('is cut off when it stalls (HTTP-13)', { timeout: 10_000 }, async (test) => {
    const limits = { lingerIdleSeconds: 0.1, lingerTotalSeconds: 60 }
    const server = await serverWith(test, { limitBytes: 1000, limits })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', `Content-Length: ${2 ** 40}`))
    await connection.readToEnd()
    await wait(500)
    await writeUntilClosed(connection)

    assert.equal(answersIn(connection.received())[0]?.status, 507)
  })

  it('is cut off when it goes on for too long (HTTP-13)', { timeout: 10_000 }, async (test) => {
    const limits = { lingerIdleSeconds: 60, lingerTotalSeconds: 0.3 }
    const server = await serverWith(test, { limitBytes: 1000, limits })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', `Content-Length: ${2 ** 40}`))
    await writeUntilClosed(connection)

    assert.equal(answersIn(connection.received())[0]?.status, 507)
  })

  it('costs neither disk nor quota (HTTP-14)', async (test) => {
    const server = await serverWithFile(test)
    const before = await snapshotOf(server)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', `Content-Length: ${64 * MIB}`))
    await send(connection, 32 * MIB)
    const meanwhile = await snapshotOf(server)
    const { availableBytes } = await server.space()
    await send(connection, 32 * MIB)
    await remainingAnswers(connection)

    assert.deepEqual(meanwhile, before)
    assert.equal(availableBytes, 996)
  })

  it('costs no more memory the more it sends (HTTP-14)', async (test) => {
    const server = await serverProcess(test, temporaryFolder(test), ['--limit', '1000'])
    const connection = await rawConnection(test, server)
    const peakBytesBefore = server.peakMemoryBytes()

    connection.write(head('PUT /big.bin', `Content-Length: ${512 * MIB}`))
    await send(connection, 512 * MIB)
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 507)
    const growthBytes = server.peakMemoryBytes() - peakBytesBefore
    assert.ok(growthBytes < 192 * MIB, `${growthBytes} bytes`)
  })
})

/** Sends zeros as fast as the other side takes them. */
async function send({ socket }: RawConnection, bytes: number): Promise<void> {
  const piece = Buffer.alloc(MIB)
  for (let sent = 0; sent < bytes; sent += piece.byteLength) {
    if (!socket.write(piece)) await once(socket, 'drain')
  }
}

/** Only a write shows a sender that the other side is gone. */
async function writeUntilClosed({ socket }: RawConnection): Promise<void> {
  const timer = setInterval(() => socket.write('x'), 20)
  await new Promise((resolve) => socket.on('close', resolve))
  clearInterval(timer)
}

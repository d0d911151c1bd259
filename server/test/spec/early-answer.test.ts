import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { answersIn, exchange, head, remainingAnswers } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { KIB, MIB } from '../support/content.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'

const DELETION = head('DELETE /keep.txt')

async function serverWithFile(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 1000 })
  await ask(server, 'PUT /keep.txt', { body: 'kept' })
  return server
}

describe('an answer before the end of the body (RFC 9112 §9.3, §9.6)', () => {
  it('keeps the connection when the rest is small enough to drain (HTTP-07, HTTP-10)', async (test) => {
    const server = await serverWithFile(test)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', `Content-Length: ${256 * KIB}`))
    await connection.read(/<\/D:error>/)
    connection.write('x'.repeat(256 * KIB))
    connection.write(head('GET /keep.txt', 'Connection: close'))
    const [refusal, content] = await remainingAnswers(connection)

    assert.equal(refusal?.status, 507)
    assert.notEqual(refusal.headers.get('connection'), 'close')
    assert.equal(content?.body, 'kept')
  })

  it('announces the end of the connection when the rest is larger (HTTP-07, HTTP-10, HTTP-11)', async (test) => {
    const server = await serverWithFile(test)

    const answers = await exchange(test, server, head('PUT /big.bin', `Content-Length: ${256 * KIB + 1}`))

    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('connection')]),
      [[507, 'close']],
    )
  })

  it('announces the end of the connection when the length of the rest is not known (HTTP-07)', async (test) => {
    const server = await serverWithFile(test)

    const answers = await exchange(test, server, head('PUT /no/parent', 'Transfer-Encoding: chunked'))

    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('connection')]),
      [[409, 'close']],
    )
  })

  it('announces the end of the connection to a client that was held back (HTTP-07, HTTP-11)', async (test) => {
    const server = await serverWithFile(test)

    const answers = await exchange(
      test,
      server,
      head('PUT /big.bin', 'Content-Length: 2000', 'Expect: 100-continue'),
    )

    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('connection')]),
      [[507, 'close']],
    )
  })

  it('keeps the connection after an answer to the whole request (HTTP-07)', async (test) => {
    const server = await serverWithFile(test)
    const connection = await rawConnection(test, server)

    connection.write(head('MKCOL /no/parent'))
    const received = await connection.read(/<\/D:error>/)

    assert.notEqual(answersIn(received)[0]?.headers.get('connection'), 'close')
    assert.equal(connection.socket.readableEnded, false)
    connection.socket.destroy()
  })

  it('takes the number of bytes it drains from its limits (HTTP-10)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000, limits: { drainBytes: 1999 } })

    const [answer] = await exchange(test, server, head('PUT /big.bin', 'Content-Length: 2000'))

    assert.equal(answer?.headers.get('connection'), 'close')
  })
})

describe('what follows an early answer on the same connection (RFC 9112 §9.3, §9.6)', () => {
  it('is not a request while it is part of a drained body (HTTP-08)', async (test) => {
    const server = await serverWithFile(test)
    const before = await snapshotOf(server)
    const body = DELETION.repeat(100)

    const answers = await exchange(
      test,
      server,
      head('PUT /big.bin', `Content-Length: ${body.length}`) + body + head('OPTIONS /', 'Connection: close'),
    )

    assert.deepEqual(statusesOf(answers), [507, 200])
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('is not a request while it is part of a body too large to drain (HTTP-08)', async (test) => {
    const server = await serverWithFile(test)
    const before = await snapshotOf(server)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', `Content-Length: ${MIB}`))
    await connection.read(/<\/D:error>/)
    connection.write(DELETION.repeat(1000))
    const answers = await remainingAnswers(connection)

    assert.deepEqual(statusesOf(answers), [507])
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('is not a request behind the body either once the end was announced (HTTP-08, HTTP-09)', async (test) => {
    const server = await serverWithFile(test)
    const before = await snapshotOf(server)

    const answers = await exchange(
      test,
      server,
      head('PUT /big.bin', `Content-Length: ${MIB}`) + 'x'.repeat(MIB) + DELETION,
    )

    assert.deepEqual(statusesOf(answers), [507])
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('is not a request where a body was held back and never came (HTTP-08, HTTP-09)', async (test) => {
    const server = await serverWithFile(test)
    const before = await snapshotOf(server)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /big.bin', `Content-Length: ${MIB}`, 'Expect: 100-continue'))
    await connection.read(/<\/D:error>/)
    connection.write(DELETION)
    const answers = await remainingAnswers(connection)

    assert.deepEqual(statusesOf(answers), [507])
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('is not a request behind chunks that were refused midway (HTTP-08, HTTP-09)', async (test) => {
    const server = await serverWithFile(test)
    const before = await snapshotOf(server)
    const connection = await rawConnection(test, server)

    connection.write(`${head('PUT /big.bin', 'Transfer-Encoding: chunked')}7d0\r\n${'x'.repeat(2000)}\r\n`)
    await connection.read(/<\/D:error>/)
    connection.write(`0\r\n\r\n${DELETION}`)
    const answers = await remainingAnswers(connection)

    assert.deepEqual(statusesOf(answers), [507])
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('is not a request after the client itself has announced the end (HTTP-09)', async (test) => {
    const server = await serverWithFile(test)
    const before = await snapshotOf(server)

    const answers = await exchange(test, server, head('OPTIONS /', 'Connection: close') + DELETION)

    assert.deepEqual(statusesOf(answers), [200])
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('is answered after the requests before it even if it cannot be read (HTTP-09)', async (test) => {
    const server = await serverWithFile(test)

    const answers = await exchange(test, server, `${head('GET /keep.txt')}what is this?\r\n\r\n`)

    assert.deepEqual(statusesOf(answers), [200, 400])
  })

  it('is done in turn where requests are sent without waiting for answers (RFC 9112 §9.3.2)', async (test) => {
    const server = await serverWithFile(test)
    const round = [
      `${head('PUT /turn.txt', 'Content-Length: 3')}one`,
      head('GET /turn.txt'),
      head('DELETE /turn.txt'),
      head('GET /turn.txt'),
    ].join('')

    const answers = await exchange(
      test,
      server,
      round.repeat(10) + head('GET /turn.txt', 'Connection: close'),
    )

    const expected = Array.from({ length: 10 }, () => [201, 200, 204, 404]).flat()
    assert.deepEqual(statusesOf(answers), [...expected, 404])
  })
})

function statusesOf(answers: readonly { status: number }[]): number[] {
  return answers.map(({ status }) => status)
}

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { exchange, head, remainingAnswers } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { requestEnded } from '../support/eventually.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'

// What a request smuggler hopes to have executed.
const SMUGGLED = head('DELETE /keep.txt')

describe('message framing (RFC 9112 §6)', () => {
  const refused: [string, readonly string[], number, string][] = [
    ['a length beside chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked'], 400, 'HTTP-15'],
    ['chunks beside a length', ['Transfer-Encoding: chunked', 'Content-Length: 5'], 400, 'HTTP-15'],
    ['a last transfer coding that is not chunked', ['Transfer-Encoding: gzip'], 400, 'HTTP-16'],
    ['chunked before another coding', ['Transfer-Encoding: chunked, gzip'], 400, 'HTTP-16'],
    ['an unknown transfer coding', ['Transfer-Encoding: gzip, chunked'], 501, 'HTTP-17'],
    ['two lengths that differ', ['Content-Length: 5', 'Content-Length: 6'], 400, 'HTTP-18'],
    ['a length with a sign', ['Content-Length: +5'], 400, 'HTTP-18'],
    ['a negative length', ['Content-Length: -5'], 400, 'HTTP-18'],
    ['a hexadecimal length', ['Content-Length: 0x5'], 400, 'HTTP-18'],
    ['a list of lengths that differ', ['Content-Length: 5, 6'], 400, 'HTTP-18'],
    ['a length in words', ['Content-Length: five'], 400, 'HTTP-18'],
    ['a length beyond 64 bits', ['Content-Length: 99999999999999999999999'], 400, 'HTTP-18'],
  ]
  for (const [what, fields, status, id] of refused) {
    it(`refuses ${what} with ${status}, closes, and executes nothing behind it (${id})`, async (test) => {
      const server = await serverWith(test, { limitBytes: 10_000 })
      writeFileSync(join(server.folder, 'keep.txt'), 'kept')
      const before = await snapshotOf(server)

      const answers = await exchange(test, server, `${head('PUT /a.txt', ...fields)}0\r\n\r\n${SMUGGLED}`)

      assert.deepEqual(
        answers.map((answer) => [answer.status, answer.headers.get('connection')]),
        [[status, 'close']],
      )
      assert.deepEqual(await snapshotOf(server), before)
    })
  }

  const broken: [string, string][] = [
    ['a body shorter than its length', `${head('PUT /a.txt', 'Content-Length: 100')}hello`],
    ['chunks without a last one', `${head('PUT /a.txt', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`],
    ['a chunk that is cut', `${head('PUT /a.txt', 'Transfer-Encoding: chunked')}64\r\nhello`],
  ]
  for (const [what, text] of broken) {
    it(`commits nothing of ${what} (HTTP-19)`, async (test) => {
      const server = await serverWith(test, { limitBytes: 10_000 })
      await ask(server, 'PUT /a.txt', { body: 'the old content' })
      const before = await snapshotOf(server)
      const connection = await rawConnection(test, server)

      connection.socket.end(text)
      const answers = await remainingAnswers(connection)

      for (const { status } of answers) assert.equal(status, 400)
      await requestEnded(server, 'PUT /a.txt', 2)
      assert.deepEqual(await snapshotOf(server), before)
      assert.equal((await server.space()).availableBytes, 9985)
    })
  }

  it('refuses chunks that are not well formed, and commits nothing (HTTP-19)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const before = await snapshotOf(server)

    const answers = await exchange(
      test,
      server,
      `${head('PUT /a.txt', 'Transfer-Encoding: chunked')}5\r\nhello\r\nnot a chunk\r\n`,
    )

    for (const { status } of answers) assert.equal(status, 400)
    await requestEnded(server, 'PUT /a.txt')
    assert.deepEqual(await snapshotOf(server), before)
  })
})

describe('the head of a request (RFC 9112 §3, §5)', () => {
  const hosts: [string, string][] = [
    ['no Host', ''],
    ['two Hosts', 'Host: a\r\nHost: b\r\n'],
    ['the same Host twice', 'Host: a\r\nHost: a\r\n'],
    ['a Host with a path', 'Host: a/b\r\n'],
    ['a Host with a space', 'Host: a b\r\n'],
    ['a Host with a user', 'Host: me@a\r\n'],
    ['a Host with a port in words', 'Host: a:http\r\n'],
  ]
  for (const [what, field] of hosts) {
    it(`refuses ${what} (HTTP-20)`, async (test) => {
      const server = await serverWith(test)

      const [answer] = await exchange(test, server, `GET / HTTP/1.1\r\n${field}Connection: close\r\n\r\n`)

      assert.equal(answer?.status, 400)
    })
  }

  it('accepts a Host that is a name, a name and port, an IPv6 address or empty (HTTP-20)', async (test) => {
    const server = await serverWith(test)

    for (const host of ['a.example', 'a.example:8080', '[::1]:80', '127.0.0.1', '']) {
      const [answer] = await exchange(
        test,
        server,
        `OPTIONS / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      assert.equal(answer?.status, 200, `Host: ${host}`)
    }
  })

  it('does not take a folded line for a field or request of its own (HTTP-21)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    writeFileSync(join(server.folder, 'keep.txt'), 'kept')
    const before = await snapshotOf(server)

    const [answer] = await exchange(
      test,
      server,
      head('GET /keep.txt', 'X-Folded: one', ' Transfer-Encoding: chunked', 'Connection: close'),
    )

    assert.ok(answer?.status === 400 || answer?.body === 'kept', String(answer?.status))
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('refuses a header section of 100 KiB (HTTP-22)', async (test) => {
    const server = await serverWith(test)

    const [answer] = await exchange(test, server, head('GET /', `X-Long: ${'x'.repeat(100 * 1024)}`))

    assert.equal(answer?.status, 431)
    assert.equal(answer.headers.get('connection'), 'close')
  })

  it('refuses 10,000 header fields (HTTP-22)', async (test) => {
    const server = await serverWith(test)
    const fields = Array.from({ length: 10_000 }, (_, index) => `a${index}:`)

    const [answer] = await exchange(test, server, head('GET /', ...fields))

    assert.equal(answer?.status, 431)
  })

  it('refuses more fields than it reads even if they are small enough together (HTTP-22)', async (test) => {
    const server = await serverWith(test)
    const fields = Array.from({ length: 300 }, (_, index) => `a${index}:`)

    const [answer] = await exchange(test, server, head('GET /', ...fields, 'Connection: close'))

    assert.equal(answer?.status, 431)
  })
})

describe('a client that stalls (RFC 9110 §15.5.9)', () => {
  it('gets 408 when its body stops coming, and leaves nothing behind (HTTP-52)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000, limits: { bodyIdleSeconds: 0.2 } })
    const before = await snapshotOf(server)
    const connection = await rawConnection(test, server)

    connection.write(`${head('PUT /a.txt', 'Content-Length: 100')}hello`)
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 408)
    assert.equal(answer.headers.get('connection'), 'close')
    await requestEnded(server, 'PUT /a.txt')
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('gets 408 when its chunks stop coming (HTTP-52)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000, limits: { bodyIdleSeconds: 0.2 } })
    const before = await snapshotOf(server)
    const connection = await rawConnection(test, server)

    connection.write(`${head('PUT /a.txt', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`)
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 408)
    await requestEnded(server, 'PUT /a.txt')
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('gets 408 when its header section stops coming (HTTP-52)', async (test) => {
    const server = await serverWith(test, { limits: { bodyIdleSeconds: 0.2 } })
    const connection = await rawConnection(test, server)

    connection.write('GET / HTTP/1.1\r\nHost: te')
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 408)
    assert.equal(answer.headers.get('connection'), 'close')
  })

  it('gets 408 when an XML body stops coming (HTTP-52)', async (test) => {
    const server = await serverWith(test, { limits: { bodyIdleSeconds: 0.2 } })
    const connection = await rawConnection(test, server)

    connection.write(`${head('PROPFIND /', 'Depth: 0', 'Content-Length: 100')}<?xml version="1.0"?>`)
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 408)
  })

  it('may take long altogether as long as it keeps sending (HTTP-52)', async (test) => {
    const server = await serverWith(test, { limits: { bodyIdleSeconds: 0.3 } })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /a.txt', 'Content-Length: 10', 'Connection: close'))
    for (let sent = 0; sent < 10; sent++) {
      await new Promise((resolve) => setTimeout(resolve, 60))
      connection.write('x')
    }
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 201)
  })
})

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { DavError } from '../../src/core/errors.ts'
import type { ServerOptions } from '../../src/server.ts'
import { exchange, head, remainingAnswers } from '../support/answers.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith } from '../support/server.ts'

describe('Expect: 100-continue (RFC 9110 §10.1.1)', () => {
  it('asks for the body before a byte of it has come (HTTP-01)', async (test) => {
    const server = await serverWith(test)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /a.txt', 'Content-Length: 5', 'Expect: 100-continue'))
    const received = await connection.read(/\r\n\r\n/)

    connection.socket.destroy()
    assert.equal(received, 'HTTP/1.1 100 Continue\r\n\r\n')
  })

  it('lets a final status follow the 100 (HTTP-06)', async (test) => {
    const server = await serverWith(test)
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /a.txt', 'Content-Length: 5', 'Expect: 100-continue', 'Connection: close'))
    await connection.read(/\r\n\r\n/)
    connection.write('hello')
    const answers = await remainingAnswers(connection)

    assert.deepEqual(statusesOf(answers), [100, 201])
  })

  it('lets a refusal follow the 100 when the body turns out to be too long (HTTP-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /a.txt', 'Transfer-Encoding: chunked', 'Expect: 100-continue'))
    await connection.read(/\r\n\r\n/)
    connection.write(`800\r\n${'x'.repeat(2048)}\r\n`)
    const answers = await remainingAnswers(connection)

    assert.deepEqual(statusesOf(answers), [100, 507])
  })

  it('ignores the expectation of an HTTP/1.0 client (HTTP-03)', async (test) => {
    const server = await serverWith(test)

    const answers = await exchange(
      test,
      server,
      'PUT /a.txt HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello',
    )

    assert.deepEqual(statusesOf(answers), [201])
  })

  it('refuses an expectation that it does not know (HTTP-05)', async (test) => {
    const server = await serverWith(test)

    const [answer] = await exchange(
      test,
      server,
      `${head('PUT /a.txt', 'Content-Length: 5', 'Expect: 200-maybe', 'Connection: close')}hello`,
    )

    assert.equal(answer?.status, 417)
    assert.equal(server.countedBytes(), 0)
  })
})

interface Refused {
  readonly because: string
  readonly line?: string
  readonly fields?: readonly string[]
  readonly options?: Partial<ServerOptions>
  readonly status: number
}

describe('a refusal that needs no body (RFC 9110 §10.1.1)', () => {
  const refused: Refused[] = [
    {
      because: 'the sender is not known',
      options: { authenticate: () => Promise.reject(new DavError('unauthenticated', 'who are you?')) },
      status: 401,
    },
    { because: 'the server has no such method', line: 'SEARCH /a.txt', status: 501 },
    { because: 'the method is offered nowhere', line: 'POST /a.txt', status: 405 },
    { because: 'a folder is there', line: 'PUT /folder', status: 405 },
    { because: 'the parent is missing', line: 'PUT /missing/a.txt', status: 409 },
    { because: 'a condition does not hold', fields: ['If-None-Match: *'], status: 412 },
    { because: 'no file may be so large', options: { maxFileBytes: 999 }, status: 413 },
    { because: 'MKCOL takes no body', line: 'MKCOL /new', status: 415 },
    { because: 'the content is encoded', fields: ['Content-Encoding: gzip'], status: 415 },
    { because: 'the content is a part', fields: ['Content-Range: bytes 0-999/2000'], status: 400 },
    { because: 'the path leaves the tree', line: 'PUT /../a.txt', status: 400 },
    { because: 'the quota is too small', options: { limitBytes: 999 }, status: 507 },
    { because: 'the disk is too full', options: { keepFreeBytes: 2 ** 60 }, status: 507 },
    { because: 'all uploads are taken', options: { limits: { uploads: 0 } }, status: 503 },
    { because: 'all uploads of the user are taken', options: { limits: { uploadsPerUser: 0 } }, status: 429 },
  ]
  for (const { because, line = 'PUT /a.txt', fields = [], options, status } of refused) {
    it(`is ${status} without a 100 when ${because} (HTTP-02)`, async (test) => {
      const server = await serverWith(test, options)
      mkdirSync(join(server.folder, 'folder'))
      writeFileSync(join(server.folder, 'a.txt'), '')

      const answers = await exchange(
        test,
        server,
        head(line, 'Content-Length: 1000', 'Expect: 100-continue', 'Connection: close', ...fields),
      )

      assert.deepEqual(statusesOf(answers), [status])
      assert.deepEqual(server.strays(), [])
    })
  }
})

function statusesOf(answers: readonly { status: number }[]): number[] {
  return answers.map(({ status }) => status)
}

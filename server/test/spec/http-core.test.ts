import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { exchange, head } from '../support/answers.ts'
import { type Answer, ask } from '../support/ask.ts'
import { serverWith, type TestServer } from '../support/server.ts'

async function serverWithTree(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test)
  await ask(server, 'PUT /a.txt', { body: 'hello' })
  await ask(server, 'MKCOL /folder')
  return server
}

describe('the request line (RFC 9112 §3)', () => {
  it('may have a target of at least 8000 octets (HTTP-23)', async (test) => {
    const server = await serverWith(test)

    const { status } = await ask(server, `GET /${'folder/'.repeat(142)}a?${'x'.repeat(7000)}`)

    assert.equal(status, 404)
  })

  it('is refused with 414 when the target is longer than the limit (HTTP-23)', async (test) => {
    const server = await serverWith(test)

    const { status } = await ask(server, `GET /a?${'x'.repeat(17_000)}`)

    assert.equal(status, 414)
  })

  it('is refused with 501 when the method is one the server does not know (HTTP-24)', async (test) => {
    const server = await serverWithTree(test)

    for (const method of ['FROBNICATE', 'SEARCH', 'get', 'BREW']) {
      const [answer] = await exchange(test, server, head(`${method} /a.txt`, 'Connection: close'))
      assert.equal(answer?.status, 501, method)
    }
  })

  it('is refused with 400 when it is none (RFC 9112 §3)', async (test) => {
    const server = await serverWith(test)

    for (const line of ['GET', 'GET / HTTP/1.1 extra', 'GET / FTP/1.1', '(:;) / HTTP/1.1']) {
      const [answer] = await exchange(test, server, `${line}\r\nHost: test\r\nConnection: close\r\n\r\n`)
      assert.equal(answer?.status, 400, line)
    }
  })

  it('may ask OPTIONS of the whole server (HTTP-30)', async (test) => {
    const server = await serverWith(test)

    const { status, headers } = await ask(server, 'OPTIONS *')

    assert.equal(status, 200)
    assert.match(String(headers.dav), /^1\b/)
    assert.ok((headers.allow ?? '').split(', ').includes('PROPFIND'))
  })

  it('may ask nothing else of the whole server (HTTP-30)', async (test) => {
    const server = await serverWith(test)

    for (const method of ['GET', 'PUT', 'DELETE', 'PROPFIND']) {
      assert.equal((await ask(server, `${method} *`)).status, 400, method)
    }
  })
})

describe('a method that a URL does not offer (RFC 9110 §15.5.6)', () => {
  const refused: [string, readonly string[]][] = [
    ['PUT /folder', ['OPTIONS', 'GET', 'HEAD', 'DELETE', 'PROPFIND']],
    ['PUT /', ['OPTIONS', 'GET', 'HEAD', 'PROPFIND']],
    ['MKCOL /', ['OPTIONS', 'GET', 'HEAD', 'PROPFIND']],
    ['MKCOL /a.txt', ['OPTIONS', 'GET', 'HEAD', 'PUT', 'DELETE', 'PROPFIND']],
    ['POST /a.txt', ['OPTIONS', 'GET', 'HEAD', 'PUT', 'DELETE', 'PROPFIND']],
    ['POST /folder/', ['OPTIONS', 'GET', 'HEAD', 'DELETE', 'PROPFIND']],
    ['POST /missing', ['OPTIONS', 'PUT', 'MKCOL']],
    ['PATCH /missing', ['OPTIONS', 'PUT', 'MKCOL']],
  ]
  for (const [line, offered] of refused) {
    it(`is 405 with what this very URL allows: ${line} (HTTP-25)`, async (test) => {
      const server = await serverWithTree(test)

      const { status, headers } = await ask(server, line)

      assert.equal(status, 405)
      const allow = (headers.allow ?? '').split(', ')
      // Other methods may come to the server; those of this list stand or fall together with the URL.
      const known = ['OPTIONS', 'GET', 'HEAD', 'PUT', 'DELETE', 'MKCOL', 'PROPFIND', 'POST', 'PATCH']
      assert.deepEqual(
        known.filter((method) => allow.includes(method)),
        known.filter((method) => offered.includes(method)),
      )
    })
  }

  it('is 405 for TRACE and CONNECT (HTTP-53)', async (test) => {
    const server = await serverWithTree(test)

    const [trace] = await exchange(test, server, head('TRACE /a.txt', 'X-Secret: 1', 'Connection: close'))
    const [tunnel] = await exchange(test, server, head('CONNECT example.org:443'))

    assert.equal(trace?.status, 405)
    assert.doesNotMatch(trace.body, /X-Secret/)
    assert.equal(tunnel?.status, 405)
    assert.ok(tunnel.headers.has('allow'))
  })
})

describe('the fields of every answer (RFC 9110 §6.6, §8)', () => {
  it('include Date, whatever the status (HTTP-26)', async (test) => {
    const server = await serverWithTree(test)
    const full = await serverWith(test, { limitBytes: 0 })

    const answers = [
      await ask(server, 'GET /a.txt'),
      await ask(server, 'PUT /a.txt', { body: 'x' }),
      await ask(server, 'PROPFIND /', { headers: { Depth: '0' } }),
      await ask(server, 'GET /a.txt', { headers: { 'If-None-Match': '*' } }),
      await ask(server, 'GET /missing'),
      await ask(server, 'SEARCH /'),
      await ask(full, 'PUT /a.txt', { body: 'x' }),
    ]
    const [malformed] = await exchange(test, server, 'what is this?\r\n\r\n')

    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 204, 207, 304, 404, 501, 507],
    )
    for (const { status, headers } of answers) assert.ok(isNow(headers.date), `${status}: ${headers.date}`)
    assert.equal(malformed?.status, 400)
    assert.ok(isNow(malformed.headers.get('date')))
  })

  it('never date a file later than the answer (HTTP-27)', async (test) => {
    const server = await serverWithTree(test)
    utimesSync(join(server.folder, 'a.txt'), new Date(), new Date(Date.now() + 86_400_000))

    for (const method of ['GET', 'HEAD']) {
      const { headers } = await ask(server, `${method} /a.txt`)
      assert.ok(Date.parse(headers['last-modified'] ?? '') <= Date.parse(headers.date ?? ''), method)
    }
  })

  it('give no length to 204 and 1xx, and no body to 204, 304 and HEAD (HTTP-28)', async (test) => {
    const server = await serverWithTree(test)

    // In one connection: a body where none belongs would be taken for the head of the next answer.
    const answers = await exchange(
      test,
      server,
      [
        `${head('PUT /a.txt', 'Content-Length: 5', 'Expect: 100-continue')}world`,
        head('GET /a.txt', 'If-None-Match: *'),
        head('DELETE /a.txt'),
        head('HEAD /', 'Connection: close'),
      ].join(''),
    )

    const [continued, replaced, unchanged, deleted, listing] = answers
    assert.deepEqual([continued?.status, replaced?.status, unchanged?.status], [100, 204, 304])
    assert.deepEqual([deleted?.status, listing?.status], [204, 200])
    assert.equal(listing?.body, '')
    for (const bare of [continued, replaced, deleted]) {
      assert.equal(bare?.headers.has('content-length'), false)
      assert.equal(bare?.headers.has('transfer-encoding'), false)
    }
  })

  it('are those of GET in an answer to HEAD, for files, collections and errors (HTTP-29)', async (test) => {
    const server = await serverWithTree(test)

    for (const target of ['/a.txt', '/folder/', '/', '/missing']) {
      const get = await ask(server, `GET ${target}`)
      const headOnly = await ask(server, `HEAD ${target}`)
      assert.equal(headOnly.status, get.status, target)
      assert.deepEqual(describing(headOnly), describing(get), target)
      assert.equal(headOnly.bytes.byteLength, 0)
    }
  })

  it('forbid to keep answers to methods that change something or tell of state (HTTP-55)', async (test) => {
    const server = await serverWithTree(test)

    for (const line of ['MKCOL /new', 'MKCOL /new', 'DELETE /new', 'PROPFIND /', 'PUT /folder']) {
      const { headers } = await ask(server, line, { headers: { Depth: '0' } })
      assert.equal(headers['cache-control'], 'no-store', line)
    }
  })

  it('say that the form of an error was chosen by Accept (HTTP-56)', async (test) => {
    const server = await serverWithTree(test)

    for (const accept of ['*/*', 'text/html', 'application/problem+json']) {
      const { headers } = await ask(server, 'GET /missing', { headers: { Accept: accept } })
      assert.match(headers.vary ?? '', /\baccept\b/i, accept)
    }
  })
})

function isNow(date: string | undefined): boolean {
  return Math.abs(Date.parse(date ?? '') - Date.now()) < 60_000
}

/** The fields about the resource; framing and connection are not compared. */
function describing({ headers }: Answer): Record<string, unknown> {
  const {
    date: _date,
    connection: _connection,
    'keep-alive': _keepAlive,
    'transfer-encoding': _te,
    ...rest
  } = headers
  return rest
}

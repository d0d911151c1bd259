import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import type { OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { basicAuthenticator } from '../../src/auth/basic.ts'
import type { ServerOptions } from '../../src/server.ts'
import { type Address, type Answer, ask } from '../support/ask.ts'
import { MIB } from '../support/content.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { lock, restarted, transfer } from '../support/spawned.ts'

const LIMIT = 10 * MIB
const EVERYTHING = Number.MAX_SAFE_INTEGER

function askPut(server: Address, path: string, bytes: number, headers: OutgoingHttpHeaders = {}) {
  return ask(server, `OPTIONS ${path}`, {
    headers: { 'Plimsoll-Ask': 'PUT', 'X-Expected-Entity-Length': bytes, ...headers },
  })
}

function askCopy(server: Address, from: string, to: string, headers: OutgoingHttpHeaders = {}) {
  return ask(server, `OPTIONS ${from}`, { headers: { 'Plimsoll-Ask': 'COPY', Destination: to, ...headers } })
}

function put(server: Address, path: string, bytes: number, headers: OutgoingHttpHeaders = {}) {
  return ask(server, `PUT ${path}`, { body: new Uint8Array(bytes), headers })
}

/** 10 MiB, of which 1 MiB is left. */
async function almostFull(test: TestContext, options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: LIMIT, ...options })
  await ask(server, 'MKCOL /tree')
  await put(server, '/tree/a.bin', 2 * MIB)
  await put(server, '/filler.bin', 7 * MIB)
  return server
}

describe('OPTIONS that asks whether a PUT would fit', () => {
  it('says that it fits and how much would, up to the last byte', async (test) => {
    const server = await almostFull(test)

    const answers = [await askPut(server, '/new.bin', 0), await askPut(server, '/new.bin', MIB)]
    const stored = await put(server, '/new.bin', MIB)

    for (const { status, headers } of answers) {
      assert.deepEqual([status, headers['plimsoll-answer']], [200, `fits; available=${MIB}`])
    }
    assert.equal(stored.status, 201)
  })

  it('judges an overwrite by its growth, as the PUT is judged', async (test) => {
    const server = await almostFull(test)

    const fits = await askPut(server, '/tree/a.bin', 3 * MIB)
    const over = await askPut(server, '/tree/a.bin', 3 * MIB + 1)

    assert.equal(fits.headers['plimsoll-answer'], `fits; available=${3 * MIB}`)
    assert.deepEqual([over.status, refusalIn(over.text).storage.needed], [507, MIB + 1])
  })

  it('is otherwise the answer of a plain OPTIONS', async (test) => {
    const server = await almostFull(test)

    const plain = await ask(server, 'OPTIONS /new.bin')
    const asked = await askPut(server, '/new.bin', 1)

    const { date, 'plimsoll-answer': answer, ...rest } = asked.headers
    assert.deepEqual({ ...rest, date: plain.headers.date }, plain.headers)
    assert.equal(plain.headers['plimsoll-answer'], undefined)
    assert.ok(date !== undefined && answer !== undefined)
  })

  it('knows the largest file and tells no more than that', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000 })

    const fits = await askPut(server, '/a.bin', 5000)

    assert.equal(fits.headers['plimsoll-answer'], 'fits; available=5000')
  })

  it('claims nothing and writes nothing', async (test) => {
    const server = await almostFull(test)
    const before = { ...(await snapshotOf(server)), space: await server.space() }

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => askPut(server, `/${index}`, MIB)),
    )

    assert.ok(answers.every(({ status }) => status === 200))
    assert.deepEqual({ ...(await snapshotOf(server)), space: await server.space() }, before)
  })
})

describe('OPTIONS that asks about a PUT which would be refused gives the very refusal', () => {
  interface Case {
    readonly options?: Partial<ServerOptions>
    readonly path?: string
    readonly bytes?: number
    readonly headers?: OutgoingHttpHeaders
    readonly prepare?: (server: TestServer) => unknown
    readonly status: number
  }
  const cases: Readonly<Record<string, Case>> = {
    'of a limit (STOR-02)': { bytes: MIB + 1, status: 507 },
    'of the disk (STOR-02)': { options: { limitBytes: null, keepFreeBytes: EVERYTHING }, status: 507 },
    'of the largest file': { options: { maxFileBytes: 5000 }, bytes: 5001, status: 413 },
    'of the slots of one user': { options: { limits: { uploadsPerUser: 0 } }, status: 429 },
    'of the slots of all': { options: { limits: { uploads: 0 } }, status: 503 },
    'of a missing parent': { path: '/no/parent', status: 409 },
    'of a collection': { path: '/tree', status: 405 },
    'of a URL that ends with a slash': { path: '/new/', status: 405 },
    'of If-None-Match': { path: '/filler.bin', headers: { 'If-None-Match': '*' }, status: 412 },
    'of If-Match': { headers: { 'If-Match': '"other"' }, status: 412 },
    'of a lock': { path: '/filler.bin', prepare: (server) => lock(server, '/filler.bin'), status: 423 },
    'of a part': { headers: { 'Content-Range': 'bytes 0-0/2' }, status: 400 },
    'of a coding': { headers: { 'Content-Encoding': 'gzip' }, status: 415 },
    'of a link': {
      path: '/link',
      prepare: ({ folder }) => symlinkSync('filler.bin', join(folder, 'link')),
      status: 403,
    },
  }
  for (const [title, { options, path = '/new.bin', bytes = 1, headers, prepare, status }] of Object.entries(
    cases,
  )) {
    it(title, async (test) => {
      const server = await almostFull(test, options)
      await prepare?.(server)

      const asked = await askPut(server, path, bytes, headers)
      const refused = await put(server, path, bytes, headers)

      assert.equal(refused.status, status, refused.text)
      assert.deepEqual(told(asked), told(refused))
      assert.deepEqual(
        [asked, refused].map(({ headers }) => headers['plimsoll-answer']),
        ['refused', undefined],
      )
    })
  }
})

describe('OPTIONS that asks needs the rights of the method it asks about', () => {
  it('tells a stranger what the PUT would tell, and no number', async (test) => {
    const authenticate = await basicAuthenticator([{ name: 'alice', password: 'secret' }])
    const server = await serverWith(test, { authenticate })

    const asked = await askPut(server, '/a.bin', 1)
    const refused = await put(server, '/a.bin', 1)

    assert.equal(refused.status, 401)
    assert.deepEqual(told(asked), told(refused))
  })

  it('lets the holder of a lock token ask with it', async (test) => {
    const server = await almostFull(test)
    const token = await lock(server, '/filler.bin')

    const asked = await askPut(server, '/filler.bin', MIB, { If: `(<${token}>)` })

    assert.deepEqual([asked.status, asked.headers['plimsoll-answer']], [200, `fits; available=${8 * MIB}`])
  })
})

describe('OPTIONS that asks whether a COPY would fit', () => {
  it('says so for a tree, or for its root alone', async (test) => {
    const server = await almostFull(test)

    const whole = await askCopy(server, '/tree', '/copy')
    const rootOnly = await askCopy(server, '/tree', '/copy', { Depth: '0' })

    assert.deepEqual([whole.status, refusalIn(whole.text).storage.needed], [507, 2 * MIB])
    assert.equal(rootOnly.headers['plimsoll-answer'], `fits; available=${MIB}`)
  })

  it('leaves nothing behind and is right: the COPY that fits succeeds', async (test) => {
    const server = await almostFull(test)
    await put(server, '/small.bin', MIB / 2)
    const before = { ...(await snapshotOf(server)), space: await server.space() }

    const asked = await askCopy(server, '/small.bin', '/copy.bin')
    const after = { ...(await snapshotOf(server)), space: await server.space() }
    const copied = await transfer(server, 'COPY', '/small.bin', '/copy.bin')

    assert.deepEqual(after, before)
    assert.deepEqual([asked.status, copied.status], [200, 201])
  })

  interface Case {
    readonly from?: string
    readonly to?: string
    readonly headers?: OutgoingHttpHeaders
    readonly options?: Partial<ServerOptions>
    readonly status: number
  }
  const cases: Readonly<Record<string, Case>> = {
    'for want of room (MX-26)': { status: 507 },
    'for want of disk': { options: { limitBytes: null, keepFreeBytes: EVERYTHING }, status: 507 },
    'for want of a source': { from: '/missing', status: 404 },
    'for want of a parent': { to: '/no/parent', status: 409 },
    'for Overwrite: F': { to: '/filler.bin', headers: { Overwrite: 'F' }, status: 412 },
    'for a copy onto itself': { to: '/tree', status: 403 },
    'for another server': { to: 'http://elsewhere.example/a', status: 502 },
    'for an impossible depth': { headers: { Depth: '1' }, status: 400 },
  }
  for (const [title, { from = '/tree', to = '/copy', headers, options, status }] of Object.entries(cases)) {
    it(`gives the very refusal of the COPY ${title}`, async (test) => {
      const server = await serverWith(test, { keepFreeBytes: null })
      await ask(server, 'MKCOL /tree')
      await put(server, '/tree/a.bin', 2 * MIB)
      await put(server, '/filler.bin', MIB)
      const full = await restarted(test, server, { limitBytes: 4 * MIB, ...options })

      const asked = await askCopy(full, from, to, headers)
      const refused = await transfer(full, 'COPY', from, to, headers)

      assert.equal(refused.status, status, refused.text)
      assert.deepEqual(told(asked), told(refused))
      assert.deepEqual(
        [asked, refused].map(({ headers }) => headers['plimsoll-answer']),
        ['refused', undefined],
      )
    })
  }
})

describe('OPTIONS that asks what cannot be answered', () => {
  const cases: readonly (readonly [title: string, headers: OutgoingHttpHeaders, sentence: RegExp])[] = [
    ['about another method', { 'Plimsoll-Ask': 'MOVE' }, /Plimsoll-Ask must be PUT or COPY, not "MOVE"/],
    ['about a method in small letters', { 'Plimsoll-Ask': 'put' }, /must be PUT or COPY, not "put"/],
    ['without a length', { 'Plimsoll-Ask': 'PUT' }, /X-Expected-Entity-Length must say how many bytes/],
    ...['-1', '1e3', '', '5, 5'].map(
      (length) =>
        [
          `with the length ${JSON.stringify(length)}`,
          { 'Plimsoll-Ask': 'PUT', 'X-Expected-Entity-Length': length },
          /X-Expected-Entity-Length must be a number of bytes in decimal digits/,
        ] as const,
    ),
    [
      'with a length above 2^53 - 1',
      { 'Plimsoll-Ask': 'PUT', 'X-Expected-Entity-Length': '9007199254740992' },
      /X-Expected-Entity-Length is too large: at most 9007199254740991 bytes/,
    ],
  ]
  for (const [title, headers, sentence] of cases) {
    it(`${title} is 400, says why, and does not say that the upload would be refused`, async (test) => {
      const server = await serverWith(test)

      const { status, text, headers: fields } = await ask(server, 'OPTIONS /a.bin', { headers })

      assert.deepEqual([status, fields['plimsoll-answer']], [400, undefined])
      assert.match(text.replaceAll('&quot;', '"'), sentence)
    })
  }

  it('about a COPY to nowhere is refused as the COPY is', async (test) => {
    const server = await serverWith(test)

    const asked = await ask(server, 'OPTIONS /a.bin', { headers: { 'Plimsoll-Ask': 'COPY' } })

    assert.deepEqual([asked.status, asked.headers['plimsoll-answer']], [400, 'refused'])
    assert.match(asked.text, /Destination header is missing/)
  })

  it('about the whole server is 400', async (test) => {
    const server = await serverWith(test)

    const { status, text, headers } = await askPut(server, '*', 1)

    assert.deepEqual([status, headers['plimsoll-answer']], [400, undefined])
    assert.match(text, /Plimsoll-Ask is about one URL/)
  })

  it('above the tree is refused as the PUT is', async (test) => {
    const server = await serverWith(test, { basePath: '/files/dav' })

    const asked = await askPut(server, '/files', 1)
    const refused = await put(server, '/files', 1)

    assert.equal(refused.status, 405)
    assert.deepEqual(told(asked), told(refused))
  })
})

/** All that a refusal says, but for the connection: there is no body to keep out. That of a question says so too. */
function told({ status, text, headers }: Answer) {
  const { date, connection, 'keep-alive': _, 'plimsoll-answer': answer, ...rest } = headers
  assert.ok(answer === undefined || answer === 'refused', String(answer))
  return { status, text, rest }
}

import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { serverProcess } from '../support/process.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'

const PAST = 'Sun, 06 Nov 1994 08:49:37 GMT'
const FUTURE = 'Fri, 06 Nov 2093 08:49:37 GMT'
const MODIFIED = 'Wed, 01 May 2024 12:00:00 GMT'

interface Fixture {
  readonly server: TestServer
  /** Of /a.txt, which was last modified at `MODIFIED`. */
  readonly etag: string
}

async function serverWithFile(test: TestContext): Promise<Fixture> {
  const server = await serverWith(test, { limitBytes: 100_000 })
  await ask(server, 'PUT /a.txt', { body: 'hello' })
  utimesSync(join(server.folder, 'a.txt'), new Date(), new Date(MODIFIED))
  return { server, etag: (await ask(server, 'HEAD /a.txt')).headers.etag ?? '' }
}

describe('entity tags (RFC 9110 §8.8.3)', () => {
  it('are strong, and the same in PUT, GET, HEAD and getetag (HTTP-31, HTTP-34)', async (test) => {
    const server = await serverWith(test)

    const put = await ask(server, 'PUT /a.txt', { body: 'hello' })
    const get = await ask(server, 'GET /a.txt')
    const headOnly = await ask(server, 'HEAD /a.txt')
    const [member] = await propfind(server, '/a.txt', { body: asking('getetag') })

    const { etag = '' } = get.headers
    assert.match(etag, /^"[\x21\x23-\x7e]+"$/)
    assert.deepEqual(
      [put.headers.etag, headOnly.headers.etag, member?.found.get('DAV:getetag')?.text],
      [etag, etag, etag],
    )
  })

  it('change with every change of the content, however fast and however alike (HTTP-31)', async (test) => {
    const server = await serverWith(test)

    const tags = new Set<string | undefined>()
    for (let round = 0; round < 50; round++) {
      tags.add((await ask(server, 'PUT /a.txt', { body: String(10 + round) })).headers.etag)
    }

    assert.equal(tags.size, 50)
  })

  it('change when a file is edited behind the back of the server (HTTP-31)', async (test) => {
    const { server, etag } = await serverWithFile(test)
    utimesSync(join(server.folder, 'a.txt'), new Date(), new Date(FUTURE))

    const { headers } = await ask(server, 'GET /a.txt')

    assert.notEqual(headers.etag, etag)
  })

  it('never come back under one URL after DELETE and PUT (HTTP-32)', async (test) => {
    const server = await serverWith(test)

    const tags = new Set<string | undefined>()
    for (let round = 0; round < 50; round++) {
      tags.add((await ask(server, 'PUT /a.txt', { body: String(10 + round) })).headers.etag)
      await ask(server, 'DELETE /a.txt')
    }

    assert.equal(tags.size, 50)
  })

  it('stay as they are while the content does, also over a restart (HTTP-31)', async (test) => {
    const folder = temporaryFolder(test)
    const before = await serverProcess(test, folder)
    const { etag } = (await ask(before, 'PUT /a.txt', { body: 'hello' })).headers
    await before.stop()
    const after = await serverWith(test, { folder })

    const { headers } = await ask(after, 'GET /a.txt')

    assert.equal(headers.etag, etag)
  })

  it('answer a PUT only where the stored bytes are the sent ones (HTTP-34)', async (test) => {
    const server = await serverWith(test)
    const body = Buffer.from([0, 1, 0xff, 0x0d, 0x0a, 0x0d, 0x1a, 0])

    const put = await ask(server, 'PUT /a.bin', { body })
    const get = await ask(server, 'GET /a.bin')

    assert.equal(put.headers.etag, get.headers.etag)
    assert.deepEqual(get.bytes, body)
  })
})

type Fields = Readonly<Record<string, string>>

describe('a condition of a reading request (RFC 9110 §13)', () => {
  const judged: [string, (etag: string) => Fields, number][] = [
    ['If-None-Match with the tag (HTTP-40)', (etag) => ({ 'If-None-Match': etag }), 304],
    ['If-None-Match with the tag as a weak one (HTTP-40)', (etag) => ({ 'If-None-Match': `W/${etag}` }), 304],
    [
      'If-None-Match with the tag among others (HTTP-40)',
      (etag) => ({ 'If-None-Match': `"x", ${etag}` }),
      304,
    ],
    ['If-None-Match with any tag (HTTP-40)', () => ({ 'If-None-Match': '*' }), 304],
    ['If-None-Match with another tag (HTTP-40)', () => ({ 'If-None-Match': '"x"' }), 200],
    ['If-Match with another tag (HTTP-38)', () => ({ 'If-Match': '"x"' }), 412],
    ['If-Match with the tag as a weak one (HTTP-38)', (etag) => ({ 'If-Match': `W/${etag}` }), 412],
    ['If-Match with the tag (HTTP-38)', (etag) => ({ 'If-Match': etag }), 200],
    ['If-Modified-Since the same second (HTTP-41)', () => ({ 'If-Modified-Since': MODIFIED }), 304],
    ['If-Modified-Since long ago (HTTP-41)', () => ({ 'If-Modified-Since': PAST }), 200],
    ['If-Modified-Since no date (HTTP-41)', () => ({ 'If-Modified-Since': 'yesterday' }), 200],
    [
      'If-Modified-Since beside If-None-Match (HTTP-41)',
      () => ({ 'If-None-Match': '"x"', 'If-Modified-Since': FUTURE }),
      200,
    ],
    ['If-Unmodified-Since long ago (HTTP-42)', () => ({ 'If-Unmodified-Since': PAST }), 412],
    ['If-Unmodified-Since the same second (HTTP-42)', () => ({ 'If-Unmodified-Since': MODIFIED }), 200],
    ['If-Unmodified-Since no date (HTTP-42)', () => ({ 'If-Unmodified-Since': 'yesterday' }), 200],
    [
      'If-Unmodified-Since beside If-Match (HTTP-42, HTTP-44)',
      (etag) => ({ 'If-Match': etag, 'If-Unmodified-Since': PAST }),
      200,
    ],
    [
      'If-Match before If-None-Match (HTTP-44)',
      (etag) => ({ 'If-Match': '"x"', 'If-None-Match': etag }),
      412,
    ],
    [
      'If-Unmodified-Since before If-None-Match (HTTP-44)',
      (etag) => ({ 'If-Unmodified-Since': PAST, 'If-None-Match': etag }),
      412,
    ],
    [
      'If-None-Match before Range (HTTP-44)',
      (etag) => ({ 'If-None-Match': etag, Range: 'bytes=0-0', 'If-Range': etag }),
      304,
    ],
  ]
  for (const [what, fields, status] of judged) {
    it(`is answered with ${status}: ${what}`, async (test) => {
      const { server, etag } = await serverWithFile(test)

      const get = await ask(server, 'GET /a.txt', { headers: fields(etag) })
      const headOnly = await ask(server, 'HEAD /a.txt', { headers: fields(etag) })

      assert.deepEqual([get.status, headOnly.status], [status, status])
      if (status !== 412) assert.equal(get.headers.etag, etag)
    })
  }
})

describe('a condition of a writing request (RFC 9110 §13)', () => {
  const judged: [string, string, (etag: string) => Fields, number][] = [
    ['If-Match with the tag (HTTP-38)', 'PUT /a.txt', (etag) => ({ 'If-Match': etag }), 204],
    ['If-Match with the tag (HTTP-38)', 'DELETE /a.txt', (etag) => ({ 'If-Match': etag }), 204],
    ['If-Match with another tag (HTTP-38)', 'PUT /a.txt', () => ({ 'If-Match': '"x"' }), 412],
    ['If-Match with another tag (HTTP-38)', 'DELETE /a.txt', () => ({ 'If-Match': '"x"' }), 412],
    ['If-Match with the tag as a weak one (HTTP-38)', 'PUT /a.txt', (e) => ({ 'If-Match': `W/${e}` }), 412],
    ['If-Match with any tag, and a file (HTTP-38)', 'PUT /a.txt', () => ({ 'If-Match': '*' }), 204],
    ['If-Match with any tag, and nothing (HTTP-38)', 'PUT /new.txt', () => ({ 'If-Match': '*' }), 412],
    ['If-Match with any tag, and nothing (HTTP-38)', 'MKCOL /new', () => ({ 'If-Match': '*' }), 412],
    ['If-None-Match with any tag, and nothing (HTTP-39)', 'PUT /b', () => ({ 'If-None-Match': '*' }), 201],
    ['If-None-Match with any tag, and nothing (HTTP-39)', 'MKCOL /b', () => ({ 'If-None-Match': '*' }), 201],
    ['If-None-Match with any tag, and a file (HTTP-39)', 'PUT /a.txt', () => ({ 'If-None-Match': '*' }), 412],
    ['If-None-Match with the tag (HTTP-40)', 'DELETE /a.txt', (etag) => ({ 'If-None-Match': etag }), 412],
    ['If-Modified-Since (HTTP-41)', 'PUT /a.txt', () => ({ 'If-Modified-Since': FUTURE }), 204],
    ['If-Unmodified-Since long ago (HTTP-42)', 'PUT /a.txt', () => ({ 'If-Unmodified-Since': PAST }), 412],
    ['If-Unmodified-Since long ago (HTTP-42)', 'DELETE /a.txt', () => ({ 'If-Unmodified-Since': PAST }), 412],
    [
      'If-Unmodified-Since a later day (HTTP-42)',
      'PUT /a.txt',
      (_) => ({ 'If-Unmodified-Since': FUTURE }),
      204,
    ],
    [
      'If-Unmodified-Since beside If-Match (HTTP-42)',
      'PUT /a.txt',
      (etag) => ({ 'If-Match': etag, 'If-Unmodified-Since': PAST }),
      204,
    ],
    ['If-Match that is no list of tags (HTTP-38)', 'PUT /a.txt', () => ({ 'If-Match': 'x' }), 400],
  ]
  for (const [what, line, fields, status] of judged) {
    it(`is answered with ${status}: ${line} ${what}`, async (test) => {
      const { server, etag } = await serverWithFile(test)
      const before = await snapshotOf(server)
      const body = line.startsWith('PUT') ? { body: 'other' } : {}

      const answer = await ask(server, line, { headers: fields(etag), ...body })

      assert.equal(answer.status, status, answer.text)
      if (status >= 400) assert.deepEqual(await snapshotOf(server), before)
      else assert.notDeepEqual(await snapshotOf(server), before)
    })
  }

  it('lets exactly one of many creators win (HTTP-39)', async (test) => {
    const server = await serverWith(test)

    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, who) =>
          ask(server, `PUT /race-${round}`, { body: `of ${who}`, headers: { 'If-None-Match': '*' } }),
        ),
      )
      const winners = answers.flatMap(({ status }, who) => (status === 201 ? [who] : []))
      assert.deepEqual(statusesOf(answers).sort(), [201, 412, 412, 412, 412, 412, 412, 412])
      assert.equal((await ask(server, `GET /race-${round}`)).text, `of ${winners[0]}`)
    }
    assert.deepEqual(server.strays(), [])
  })

  it('lets exactly one of many editors of one version win (HTTP-38)', async (test) => {
    const { server, etag } = await serverWithFile(test)

    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, who) =>
        ask(server, 'PUT /a.txt', { body: `of ${who}`, headers: { 'If-Match': etag } }),
      ),
    )

    assert.deepEqual(statusesOf(answers).sort(), [204, 412, 412, 412, 412, 412, 412, 412])
    assert.equal((await ask(server, 'GET /a.txt')).text, `of ${statusesOf(answers).indexOf(204)}`)
  })

  it('is judged before the space is: 412 on a full server, not 507 (HTTP-45)', async (test) => {
    const server = await serverWith(test, { limitBytes: 5 })
    await ask(server, 'PUT /a.txt', { body: 'hello' })

    const mismatch = await ask(server, 'PUT /a.txt', {
      body: 'much too long',
      headers: { 'If-Match': '"x"' },
    })
    const match = await ask(server, 'PUT /a.txt', { body: 'much too long', headers: { 'If-Match': '*' } })

    assert.deepEqual(statusesOf([mismatch, match]), [412, 507])
  })

  it('is judged after what the head alone shows to be wrong (HTTP-45)', async (test) => {
    const { server } = await serverWithFile(test)
    await ask(server, 'MKCOL /folder')
    const headers = { 'If-Match': '"x"' }

    const answers = [
      await ask(server, 'PUT /missing/a.txt', { body: 'x', headers }),
      await ask(server, 'PUT /folder', { body: 'x', headers }),
      await ask(server, 'PUT /a.txt', { body: 'x', headers: { ...headers, 'Content-Encoding': 'gzip' } }),
      await ask(server, 'DELETE /missing', { headers }),
    ]

    assert.deepEqual(statusesOf(answers), [409, 405, 415, 404])
  })
})

function statusesOf(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status)
}

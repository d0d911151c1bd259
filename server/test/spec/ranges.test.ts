import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { sha256 } from '../support/content.ts'
import { serverWith, type TestServer } from '../support/server.ts'

const CONTENT = '0123456789abcdefghijklmnopqrstuvwxyz'
const MODIFIED = 'Wed, 01 May 2024 12:00:00 GMT'

async function serverWithFile(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test)
  await ask(server, 'PUT /a.txt', { body: CONTENT })
  utimesSync(join(server.folder, 'a.txt'), new Date(), new Date(MODIFIED))
  return server
}

describe('one range (RFC 9110 §14.1.2, §15.3.7)', () => {
  const served: [string, string, string][] = [
    ['bytes=0-0', '0', 'bytes 0-0/36'],
    ['bytes=2-5', '2345', 'bytes 2-5/36'],
    ['bytes=30-', 'uvwxyz', 'bytes 30-35/36'],
    ['bytes=-4', 'wxyz', 'bytes 32-35/36'],
    ['bytes=30-1000000', 'uvwxyz', 'bytes 30-35/36'],
    ['bytes=-1000000', CONTENT, 'bytes 0-35/36'],
    ['bytes=0-', CONTENT, 'bytes 0-35/36'],
    ['Bytes=2-5', '2345', 'bytes 2-5/36'],
  ]
  for (const [range, expected, contentRange] of served) {
    it(`is served: ${range} (HTTP-47)`, async (test) => {
      const server = await serverWithFile(test)

      const { status, headers, text } = await ask(server, 'GET /a.txt', { headers: { Range: range } })

      assert.equal(status, 206)
      assert.equal(text, expected)
      assert.equal(headers['content-range'], contentRange)
      assert.equal(headers['content-length'], String(expected.length))
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    })
  }

  it('is the same bytes out of a large file (HTTP-47)', async (test) => {
    const server = await serverWith(test)
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251))
    await ask(server, 'PUT /large.bin', { body: content })

    const { bytes } = await ask(server, 'GET /large.bin', { headers: { Range: 'bytes=1000001-2999998' } })

    assert.equal(sha256(bytes), sha256(content.subarray(1_000_001, 2_999_999)))
  })

  it('carries the validators of the whole (HTTP-47)', async (test) => {
    const server = await serverWithFile(test)

    const whole = await ask(server, 'GET /a.txt')
    const part = await ask(server, 'GET /a.txt', { headers: { Range: 'bytes=0-0' } })

    assert.equal(part.headers.etag, whole.headers.etag)
    assert.equal(part.headers['last-modified'], MODIFIED)
  })

  for (const range of ['bytes=36-', 'bytes=1000-2000', 'bytes=-0', 'bytes=36-40, 50-']) {
    it(`is 416 with the length when no byte is in it: ${range} (HTTP-49)`, async (test) => {
      const server = await serverWithFile(test)

      const { status, headers } = await ask(server, 'GET /a.txt', { headers: { Range: range } })

      assert.equal(status, 416)
      assert.equal(headers['content-range'], 'bytes */36')
    })
  }

  const ignored = ['lines=1-2', 'bytes', 'bytes=', 'bytes=a-b', 'bytes=5-2', 'bytes=--5', 'bytes=1-2;3-4']
  for (const range of ignored) {
    it(`is ignored when it cannot be understood: ${range} (HTTP-50)`, async (test) => {
      const server = await serverWithFile(test)

      const { status, text } = await ask(server, 'GET /a.txt', { headers: { Range: range } })

      assert.equal(status, 200)
      assert.equal(text, CONTENT)
    })
  }

  it('is advertised on files (HTTP-51)', async (test) => {
    const server = await serverWithFile(test)

    for (const method of ['GET', 'HEAD']) {
      assert.equal((await ask(server, `${method} /a.txt`)).headers['accept-ranges'], 'bytes')
    }
  })

  it('is ignored by every method but GET (HTTP-46)', async (test) => {
    const server = await serverWithFile(test)
    const headers = { Range: 'bytes=2-5' }

    const headOnly = await ask(server, 'HEAD /a.txt', { headers })
    const listed = await ask(server, 'PROPFIND /a.txt', { headers: { ...headers, Depth: '0' } })
    const put = await ask(server, 'PUT /b.txt', { body: CONTENT, headers })
    const stored = await ask(server, 'GET /b.txt')

    assert.deepEqual([headOnly.status, headOnly.headers['content-length']], [200, '36'])
    assert.equal(headOnly.headers['content-range'], undefined)
    assert.equal(listed.status, 207)
    assert.deepEqual([put.status, stored.text], [201, CONTENT])
  })

  it('is ignored for a collection (HTTP-46)', async (test) => {
    const server = await serverWithFile(test)

    const { status } = await ask(server, 'GET /', { headers: { Range: 'bytes=0-1' } })

    assert.equal(status, 200)
  })
})

describe('several ranges (RFC 9110 §15.3.7.2)', () => {
  it('come as parts, each with its type and range, and none for the whole (HTTP-48)', async (test) => {
    const server = await serverWithFile(test)

    const { status, headers, bytes, text } = await ask(server, 'GET /a.txt', {
      headers: { Range: 'bytes=0-1, 10-12,-2' },
    })

    const boundary = /^multipart\/byteranges; boundary="?([^"]+)"?$/.exec(headers['content-type'] ?? '')?.[1]
    assert.equal(status, 206)
    assert.equal(headers['content-range'], undefined)
    assert.equal(headers['content-length'], String(bytes.byteLength))
    const part = (range: string, content: string): string =>
      `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${range}/36\r\n\r\n${content}\r\n`
    assert.equal(text, `${part('0-1', '01')}${part('10-12', 'abc')}${part('34-35', 'yz')}--${boundary}--\r\n`)
  })

  for (const range of ['bytes=0-1, 100-200', 'bytes=0-5, 3-8', 'bytes=0-4,5-8']) {
    it(`are no multipart when one range remains of them: ${range} (HTTP-48, HTTP-50)`, async (test) => {
      const server = await serverWithFile(test)

      const { status, headers } = await ask(server, 'GET /a.txt', { headers: { Range: range } })

      assert.equal(status, 206)
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
      assert.match(headers['content-range'] ?? '', /^bytes 0-[18]\/36$/)
    })
  }

  it('never make the answer larger than a few times the file (HTTP-50)', async (test) => {
    const server = await serverWithFile(test)
    const many = Array.from({ length: 1000 }, (_, index) => `${(index * 2) % 36}-${(index * 2) % 36}`)

    const scattered = await ask(server, 'GET /a.txt', { headers: { Range: `bytes=${many.join()}` } })
    const overlapping = await ask(server, 'GET /a.txt', {
      headers: { Range: `bytes=${Array(1000).fill('0-').join()}` },
    })

    assert.deepEqual([scattered.status, scattered.text], [200, CONTENT])
    assert.deepEqual([overlapping.status, overlapping.text], [206, CONTENT])
  })
})

describe('If-Range (RFC 9110 §13.1.5)', () => {
  const judged: [string, (etag: string) => string, number][] = [
    ['the tag', (etag) => etag, 206],
    ['the tag as a weak one', (etag) => `W/${etag}`, 200],
    ['another tag', () => '"x"', 200],
    ['the exact date', () => MODIFIED, 206],
    ['a later date', () => 'Wed, 01 May 2024 12:00:01 GMT', 200],
    ['an earlier date', () => 'Wed, 01 May 2024 11:59:59 GMT', 200],
    ['no date and no tag', () => 'yesterday', 200],
  ]
  for (const [what, value, status] of judged) {
    it(`with ${what} gives ${status} (HTTP-43)`, async (test) => {
      const server = await serverWithFile(test)
      const { etag = '' } = (await ask(server, 'HEAD /a.txt')).headers

      const headers = { Range: 'bytes=2-5', 'If-Range': value(etag) }
      const answer = await ask(server, 'GET /a.txt', { headers })

      assert.equal(answer.status, status)
      assert.equal(answer.text, status === 206 ? '2345' : CONTENT)
    })
  }

  it('with the date of a second that still runs gives the whole (HTTP-43)', async (test) => {
    const server = await serverWithFile(test)
    const now = new Date()
    utimesSync(join(server.folder, 'a.txt'), now, new Date(now.getTime() + 2000))

    const headers = { Range: 'bytes=2-5', 'If-Range': new Date(now.getTime() + 2000).toUTCString() }
    const { status } = await ask(server, 'GET /a.txt', { headers })

    assert.equal(status, 200)
  })

  it('says nothing without a Range (HTTP-43)', async (test) => {
    const server = await serverWithFile(test)

    const { status, text } = await ask(server, 'GET /a.txt', { headers: { 'If-Range': '"x"' } })

    assert.deepEqual([status, text], [200, CONTENT])
  })
})

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { exchange, head } from '../support/answers.ts'
import { type Answer, ask } from '../support/ask.ts'
import { MIB } from '../support/content.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'

const EXT_NS = 'urn:uuid:d50f96e6-7447-4bc9-bd71-c4ac6bb19aef'

/** 10 MiB, of which 4096 bytes are left: the numbers of the examples. */
async function almostFull(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 10 * MIB })
  await ask(server, 'MKCOL /alice')
  await ask(server, 'PUT /alice/filler.bin', { body: new Uint8Array(10 * MIB - 4096) })
  return server
}

function refusedPut(server: TestServer, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(server, 'PUT /alice/report.pdf', { body: new Uint8Array(MIB), headers })
}

describe('a 507 for programs that speak WebDAV (RFC 4331 §6)', () => {
  it('names the quota and its numbers (STOR-02, MS-04)', async (test) => {
    const server = await almostFull(test)

    const { text } = await refusedPut(server)

    assert.equal(
      text,
      `<?xml version="1.0" encoding="utf-8"?>
<D:error xmlns:D="DAV:" xmlns:x="${EXT_NS}">
  <D:quota-not-exceeded/>
  <x:storage cause="collection-quota" needed="1048576" available="4096" limit="10485760" used="10481664" root="/"/>
</D:error>
`,
    )
  })

  it('names the root of the quota as clients know it (STOR-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10, basePath: '/my dav' })

    const { text } = await ask(server, 'PUT /my%20dav/a.txt', { body: 'too much for it' })

    assert.match(text, / root="\/my%20dav\/"\/>/)
  })

  it('names the disk when that is what is full (STOR-02, STOR-04)', async (test) => {
    const server = await serverWith(test, { keepFreeBytes: 2 ** 60 })

    const { status, text } = await ask(server, 'PUT /a.bin', { body: new Uint8Array(MIB) })

    const body = text.replace(' available="0"', '')
    assert.equal(status, 507)
    assert.equal(
      body,
      `<?xml version="1.0" encoding="utf-8"?>
<D:error xmlns:D="DAV:" xmlns:x="${EXT_NS}">
  <D:sufficient-disk-space/>
  <x:storage cause="disk-bytes" needed="1048576"/>
</D:error>
`,
    )
  })

  it('blames the quota before the disk when both are full (STOR-11)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10, keepFreeBytes: 2 ** 60 })

    const { text } = await ask(server, 'PUT /a.bin', { body: new Uint8Array(MIB) })

    assert.match(text, /<D:quota-not-exceeded\/>/)
    assert.doesNotMatch(text, /sufficient-disk-space/)
  })

  it('tells its form and length, and nothing that invites to try again (STOR-03, STOR-19)', async (test) => {
    const server = await almostFull(test)

    const { status, reason, headers, bytes } = await refusedPut(server)

    assert.deepEqual([status, reason], [507, 'Insufficient Storage'])
    assert.equal(headers['content-type'], 'application/xml; charset="utf-8"')
    assert.equal(headers['content-length'], String(bytes.byteLength))
    assert.equal(headers['cache-control'], 'no-store')
    assert.match(headers.vary ?? '', /\bAccept\b/)
    assert.ok(Date.parse(headers.date ?? '') > 0)
    for (const absent of ['retry-after', 'etag', 'last-modified', 'location']) {
      assert.equal(headers[absent], undefined, absent)
    }
  })

  it('closes the connection if the body was not read to its end (STOR-02, HTTP-07)', async (test) => {
    const server = await almostFull(test)

    const answers = await exchange(test, server, head('PUT /alice/a.bin', `Content-Length: ${MIB}`))

    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('connection')]),
      [[507, 'close']],
    )
  })

  it('answers MKCOL too, and makes nothing (STOR-18)', async (test) => {
    const server = await serverWith(test, { keepFreeBytes: 2 ** 60 })

    const { status, text } = await ask(server, 'MKCOL /a')

    assert.equal(status, 507)
    assert.match(text, /<D:sufficient-disk-space\/>/)
    assert.equal((await ask(server, 'PROPFIND /a', { headers: { Depth: '0' } })).status, 404)
  })

  it('means that nothing was done (STOR-01)', async (test) => {
    const server = await almostFull(test)
    const before = await snapshotOf(server)
    const room = await server.space()

    await refusedPut(server)
    await ask(server, 'PUT /alice/filler.bin', { body: new Uint8Array(11 * MIB), chunked: true })

    assert.deepEqual(await snapshotOf(server), before)
    assert.deepEqual(await server.space(), room)
  })

  it('is told to the operator with its numbers (STOR-28)', async (test) => {
    const server = await almostFull(test)

    await refusedPut(server)

    assert.equal(server.log.refusals.length, 1)
    const { method, path, cause, needed, available, root } = server.log.refusals[0] ?? assert.fail()
    assert.deepEqual([method, path, cause], ['PUT', '/alice/report.pdf', 'collection-quota'])
    assert.deepEqual([needed, available, root], [MIB, 4096, '/'])
  })
})

describe('a 507 for programs that ask for JSON (RFC 9457)', () => {
  it('is a problem with the same numbers (STOR-02)', async (test) => {
    const server = await almostFull(test)

    const { status, headers, text } = await refusedPut(server, { Accept: 'application/problem+json' })

    assert.equal(status, 507)
    assert.equal(headers['content-type'], 'application/problem+json')
    const { detail, ...rest } = JSON.parse(text)
    assert.match(detail, /^1048576 bytes are needed, 4096 are left in this (account|folder)\.$/)
    assert.deepEqual(rest, {
      type: `${EXT_NS}#quota-not-exceeded`,
      title: 'Storage quota would be exceeded',
      status: 507,
      instance: '/alice/report.pdf',
      cause: 'collection-quota',
      needed: 1_048_576,
      available: 4096,
      limit: 10_485_760,
      used: 10_481_664,
      root: '/',
      precondition: 'DAV:quota-not-exceeded',
    })
  })

  it('has its own type for a full disk (STOR-02)', async (test) => {
    const server = await serverWith(test, { keepFreeBytes: 2 ** 60 })

    const { text } = await ask(server, 'PUT /a', { body: 'x', headers: { Accept: 'application/json' } })

    const problem = JSON.parse(text)
    assert.equal(problem.type, `${EXT_NS}#sufficient-disk-space`)
    assert.equal(problem.precondition, 'DAV:sufficient-disk-space')
    assert.equal(problem.status, 507)
  })

  it('has no quota numbers where there is none to tell (RFC 9457 §3.2)', async (test) => {
    const server = await serverWith(test)

    const { status, text } = await ask(server, 'GET /a', { headers: { Accept: 'application/json' } })

    const problem = JSON.parse(text)
    assert.equal(problem.status, status)
    for (const absent of ['cause', 'needed', 'available', 'limit', 'used', 'root']) {
      assert.equal(problem[absent], undefined)
    }
  })
})

describe('a 507 for people', () => {
  it('is a page that says what is missing and what to do (STOR-03)', async (test) => {
    const server = await almostFull(test)

    const { headers, text } = await refusedPut(server, { Accept: 'text/html' })

    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['content-security-policy'], "default-src 'none'")
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.match(
      text,
      /^<!doctype html><html lang="en"><head><meta charset="utf-8"><title>507 Insufficient Storage</,
    )
    assert.match(text, /<h1>Not enough space<\/h1>/)
    assert.match(
      text,
      /<p>The file was not saved\. It needs 1 MiB; 4 KiB are left in this (account|folder)\.<\/p>/,
    )
    assert.match(text, /<p>Delete files you no longer need, then try again\.<\/p>/)
  })
})

describe('a file larger than any may be (RFC 9110 §15.5.14)', () => {
  it('is 413 with the limit, not 507', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000, limitBytes: 100 })

    const { status, headers, text } = await ask(server, 'PUT /a.bin', { body: new Uint8Array(5001) })

    assert.equal(status, 413)
    assert.equal(headers['retry-after'], undefined)
    assert.equal(
      text,
      `<?xml version="1.0" encoding="utf-8"?>
<D:error xmlns:D="DAV:" xmlns:x="${EXT_NS}">
  <x:max-file-size limit="5000"/>
</D:error>
`,
    )
  })

  it('is 413 in JSON with its own type (RFC 9457)', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000 })

    const headers = { Accept: 'application/problem+json' }
    const { text } = await ask(server, 'PUT /a.bin', { body: new Uint8Array(5001), headers })

    const problem = JSON.parse(text)
    assert.deepEqual([problem.type, problem.status, problem.limit], [`${EXT_NS}#max-file-size`, 413, 5000])
  })

  it('is 413 midway when its length was not known', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000 })
    const before = await snapshotOf(server)

    const just = await ask(server, 'PUT /a.bin', { body: new Uint8Array(5000), chunked: true })
    await ask(server, 'DELETE /a.bin')
    const over = await ask(server, 'PUT /a.bin', { body: new Uint8Array(5001), chunked: true })

    assert.deepEqual([just.status, over.status], [201, 413])
    assert.deepEqual(await snapshotOf(server), before)
  })

  it('is 413 at once when a header tells its length', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000 })

    for (const name of ['X-Expected-Entity-Length', 'OC-Total-Length']) {
      const [answer] = await exchange(
        test,
        server,
        head('PUT /a.bin', 'Transfer-Encoding: chunked', `${name}: 5001`),
      )
      assert.equal(answer?.status, 413, name)
    }
  })

  it('is 413 before anything else about the resource is judged', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000 })

    const { status } = await ask(server, 'PUT /no/parent', { body: new Uint8Array(5001) })

    assert.equal(status, 413)
  })

  it('is a 507 where it is below the cap but above the whole quota', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000, limitBytes: 100 })

    assert.equal((await ask(server, 'PUT /a.bin', { body: new Uint8Array(4000) })).status, 507)
  })
})

describe('too many uploads at once (RFC 6585 §4)', () => {
  it('are 429 for one user and 503 for all, both with a time to come back', async (test) => {
    const one = await serverWith(test, { limits: { uploadsPerUser: 0 } })
    const all = await serverWith(test, { limits: { uploads: 0 } })

    const tooMany = await ask(one, 'PUT /a', { body: 'x' })
    const overloaded = await ask(all, 'PUT /a', { body: 'x' })

    assert.deepEqual([tooMany.status, overloaded.status], [429, 503])
    for (const { headers } of [tooMany, overloaded]) assert.match(headers['retry-after'] ?? '', /^\d+$/)
  })
})

import assert from 'node:assert/strict'
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { head } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { MIB, randomBytes } from '../support/content.ts'
import { eventually, requestEnded } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { asking, type Member, propfind } from '../support/multistatus.ts'
import { serverProcess } from '../support/process.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith, type TestServer } from '../support/server.ts'

const NAMES = ['quota-available-bytes', 'quota-used-bytes']
const BOTH = asking(...NAMES)

function numbersOf(member: Member | undefined): (string | undefined)[] {
  return NAMES.map((name) => member?.found.get(`DAV:${name}`)?.text)
}

async function smallTree(server: TestServer): Promise<void> {
  for (const target of ['/a', '/a/b']) await ask(server, `MKCOL ${target}`)
  await ask(server, 'PUT /top.bin', { body: randomBytes(1000) })
  await ask(server, 'PUT /a/middle.bin', { body: randomBytes(2000) })
  await ask(server, 'PUT /a/b/deep.bin', { body: randomBytes(3000) })
}

describe('the quota properties (RFC 4331 §2)', () => {
  it('are on every collection, in decimal digits (QUOTA-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 100_000 })
    await smallTree(server)

    for (const target of ['/', '/a', '/a/', '/a/b/']) {
      const [member] = await propfind(server, target, { body: BOTH })
      for (const number of numbersOf(member)) assert.match(number ?? '', /^(0|[1-9]\d*)$/, target)
    }
  })

  it('are not on files (QUOTA-02)', async (test) => {
    const server = await serverWith(test)
    await smallTree(server)

    const [member] = await propfind(server, '/top.bin', { body: BOTH })

    assert.deepEqual([...(member?.missing ?? [])].sort(), [
      'DAV:quota-available-bytes',
      'DAV:quota-used-bytes',
    ])
  })

  it('are not part of allprop (QUOTA-03)', async (test) => {
    const server = await serverWith(test)

    const [member] = await propfind(server, '/')

    assert.deepEqual(numbersOf(member), [undefined, undefined])
  })

  it('are named by propname on collections (QUOTA-04)', async (test) => {
    const server = await serverWith(test)

    const [member] = await propfind(server, '/', {
      body: '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>',
    })

    assert.deepEqual(numbersOf(member), ['', ''])
  })

  it('are returned when allprop includes them (QUOTA-05)', async (test) => {
    const server = await serverWith(test, { limitBytes: 5000 })

    const [member] = await propfind(server, '/', {
      body: '<D:propfind xmlns:D="DAV:"><D:allprop/><D:include><D:quota-available-bytes/><D:quota-used-bytes/></D:include></D:propfind>',
    })

    assert.deepEqual(numbersOf(member), ['5000', '0'])
  })

  it('are both on the root of the mount, with a limit and without (QUOTA-19)', async (test) => {
    for (const limitBytes of [null, 0, 5000]) {
      const server = await serverWith(test, { limitBytes, basePath: '/dav' })
      for (const target of ['/dav', '/dav/']) {
        const [member] = await propfind(server, target, { body: BOTH })
        assert.equal(member?.found.size, 2)
        assert.deepEqual(member.missing, [])
      }
    }
  })
})

describe('quota-available-bytes (RFC 4331 §3)', () => {
  it('is the rest of the limit, the same on every question (QUOTA-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await smallTree(server)

    for (let times = 0; times < 3; times++) {
      for (const target of ['/', '/a', '/a/b']) {
        const [member] = await propfind(server, target, { body: BOTH })
        assert.equal(numbersOf(member)[0], '4000', target)
      }
    }
  })

  it('shrinks while an upload runs, by what the upload holds (QUOTA-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /a.bin', 'Content-Length: 6000'))
    await eventually('the upload has begun', () => server.strays().length === 1)
    const during = await server.space()
    connection.socket.destroy()
    await requestEnded(server, 'PUT /a.bin')

    assert.deepEqual(during, { usedBytes: 0, availableBytes: 4000 })
    assert.deepEqual(await server.space(), { usedBytes: 0, availableBytes: 10_000 })
  })

  it('is a promise: a file of that size fits, and one byte more does not (QUOTA-06)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await smallTree(server)
    const { availableBytes } = await server.space()

    const over = await ask(server, 'PUT /fit.bin', { body: randomBytes(availableBytes + 1) })
    const fits = await ask(server, 'PUT /fit.bin', { body: randomBytes(availableBytes) })

    assert.deepEqual([over.status, fits.status], [507, 201])
    assert.deepEqual(await server.space(), { usedBytes: 10_000, availableBytes: 0 })
  })

  it('is bounded by the disk and what is kept free on it (QUOTA-06)', async (test) => {
    const folder = temporaryFolder(test)
    const { bavail, bsize } = statfsSync(folder)
    const keepFreeBytes = bavail * bsize - 100 * MIB
    const server = await serverWith(test, { folder, limitBytes: 2 ** 50, keepFreeBytes })

    const { availableBytes } = await server.space()

    // Others use the disk too.
    assert.ok(availableBytes < 2 ** 40, String(availableBytes))
    assert.ok(availableBytes <= 100 * MIB + 512 * MIB, String(availableBytes))
  })

  it('is the free space of the disk where there is no limit, and no magic number (QUOTA-07)', async (test) => {
    const server = await serverWith(test, { keepFreeBytes: 0 })
    const { bavail, bsize, blocks } = statfsSync(server.folder)

    const { availableBytes } = await server.space()

    assert.ok(availableBytes > 0 && availableBytes < blocks * bsize)
    assert.ok(Math.abs(availableBytes - bavail * bsize) < 1024 * MIB)
  })

  it('is 0 above the limit, and what is used is told truly (QUOTA-08)', async (test) => {
    const folder = temporaryFolder(test)
    mkdirSync(join(folder, 'a'))
    writeFileSync(join(folder, 'a', 'large.bin'), randomBytes(5000))
    const server = await serverWith(test, { folder, limitBytes: 1000 })

    const [member] = await propfind(server, '/', { body: BOTH })

    assert.deepEqual(numbersOf(member), ['0', '5000'])
  })

  it('of 0 still lets content be replaced that is as large or larger (QUOTA-09)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    await ask(server, 'PUT /a.bin', { body: randomBytes(1000) })

    const same = await ask(server, 'PUT /a.bin', { body: randomBytes(1000) })
    const sameInChunks = await ask(server, 'PUT /a.bin', { body: randomBytes(1000), chunked: true })
    const larger = await ask(server, 'PUT /a.bin', { body: randomBytes(1001) })
    const smaller = await ask(server, 'PUT /a.bin', { body: randomBytes(400) })

    assert.deepEqual(
      [same, sameInChunks, larger, smaller].map(({ status }) => status),
      [204, 204, 507, 204],
    )
    assert.deepEqual(await server.space(), { usedBytes: 400, availableBytes: 600 })
  })
})

describe('quota-used-bytes (RFC 4331 §4)', () => {
  it('is the sum of everything below the root of the quota (QUOTA-10, QUOTA-12)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await smallTree(server)

    for (const target of ['/', '/a', '/a/b']) {
      const [member] = await propfind(server, target, { body: BOTH })
      assert.equal(numbersOf(member)[1], '6000', target)
    }
    assert.equal(server.countedBytes(), 6000)
  })

  it('counts what lay in the folder before the server, and nothing of the server itself (QUOTA-10)', async (test) => {
    const folder = temporaryFolder(test)
    mkdirSync(join(folder, 'a', 'b'), { recursive: true })
    for (const name of ['1', 'a/2', 'a/b/3', '.hidden']) writeFileSync(join(folder, name), 'x'.repeat(100))

    const server = await serverWith(test, { folder, limitBytes: 1000 })

    assert.deepEqual(await server.space(), { usedBytes: 400, availableBytes: 600 })
  })

  it('equals a recount after any mix of operations (QUOTA-17)', async (test) => {
    const folder = temporaryFolder(test)
    const before = await serverProcess(test, folder, ['--limit', '100000'])
    await Promise.all(Array.from({ length: 8 }, (_, who) => busily(before, who)))
    const [shown] = await propfind(before, '/', { body: BOTH })
    await before.stop()

    const after = await serverWith(test, { folder, limitBytes: 100_000 })

    const [recounted] = await propfind(after, '/', { body: BOTH })
    assert.deepEqual(numbersOf(shown), numbersOf(recounted))
    assert.equal(numbersOf(shown)[1], String(after.countedBytes()))
    assert.deepEqual(
      after.log.messages.filter((message) => message.includes('corrected')),
      [],
    )
  })

  it('is right again after a start when files were changed behind the back of the server (QUOTA-17)', async (test) => {
    const folder = temporaryFolder(test)
    const before = await serverProcess(test, folder)
    await ask(before, 'PUT /a.bin', { body: randomBytes(1000) })
    await before.stop()
    writeFileSync(join(folder, 'a.bin'), 'x')

    const server = await serverWith(test, { folder, limitBytes: 1000 })

    assert.deepEqual(await server.space(), { usedBytes: 1, availableBytes: 999 })
  })
})

/** Puts, replaces, deletes, is refused and breaks off, in a corner of its own and in a common one. */
async function busily(server: { host: string; port: number }, who: number): Promise<void> {
  await ask(server, `MKCOL /${who}`)
  for (let round = 0; round < 10; round++) {
    await ask(server, `PUT /${who}/${round % 3}`, { body: randomBytes(round * 300) })
    await ask(server, `PUT /common-${round % 2}`, { body: randomBytes(1000 + who), chunked: true })
    await ask(server, `PUT /${who}/large`, { body: randomBytes(200_000), chunked: round % 2 === 0 })
    if (round % 3 === 0) await ask(server, `DELETE /${who}/0`)
    if (round % 4 === 0) await ask(server, `DELETE /common-${round % 2}`)
    await brokenOff(server, `/${who}/${round % 3}`)
  }
}

async function brokenOff(server: { host: string; port: number }, target: string): Promise<void> {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(randomBytes(100))
      controller.error(new Error('changed my mind'))
    },
  })
  const url = `http://${server.host}:${server.port}${target}`
  await fetch(url, { method: 'PUT', body, duplex: 'half' }).catch(() => {})
}

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { basicAuthenticator } from '../../src/auth/basic.ts'
import { type Address, type Answer, ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { cannotMake, SMALL_DISKS, smallDisk } from '../support/small-disk.ts'
import { askLock, setting, transfer, update } from '../support/spawned.ts'

/** Codes after which clients repeat a request by themselves: the list of rclone's webdav backend. */
const REPEATED: readonly number[] = [423, 425, 429, 500, 502, 503, 504, 509]

/** Every way to ask for room where `/box` has a member and `/kept.bin` has 100,000 bytes. */
const WRITES: Readonly<Record<string, (server: Address) => Promise<Answer>>> = {
  'PUT of a new file': (server) => ask(server, 'PUT /new.bin', { body: randomBytes(2000) }),
  'PUT in chunks': (server) => ask(server, 'PUT /new.bin', { body: randomBytes(2000), chunked: true }),
  'PUT over a file': (server) => ask(server, 'PUT /kept.bin', { body: randomBytes(102_000) }),
  'COPY of a file': (server) => transfer(server, 'COPY', '/kept.bin', '/copy.bin'),
  'COPY of a tree': (server) => transfer(server, 'COPY', '/box', '/copy'),
  PROPPATCH: (server) => update(server, '/kept.bin', setting('z:note', 'x'.repeat(60 * KIB))),
  MKCOL: (server) => ask(server, 'MKCOL /new'),
  'LOCK of a new name': (server) => askLock(server, '/new.lock'),
}

// A limit counts bytes: a new name alone takes none.
const NEED_NO_BYTES: readonly string[] = ['MKCOL', 'LOCK of a new name']

const FULL: Readonly<
  Record<string, Parameters<typeof serverWith>[1] & { readonly done: readonly string[] }>
> = {
  'whose limit is reached': { limitBytes: 102_000, done: NEED_NO_BYTES },
  'whose limit and disk are full': { limitBytes: 102_000, keepFreeBytes: 2 ** 60, done: [] },
  'whose disk has only its reserve left': { keepFreeBytes: 2 ** 60, done: [] },
}

async function fullServer(test: TestContext, options: Parameters<typeof serverWith>[1]): Promise<TestServer> {
  const folder = temporaryFolder(test)
  mkdirSync(join(folder, 'box'))
  writeFileSync(join(folder, 'kept.bin'), randomBytes(100_000))
  writeFileSync(join(folder, 'box', 'member.bin'), randomBytes(2000))
  return await serverWith(test, { folder, ...options })
}

/** The status of an answer, and those of everything in it. */
function statusesIn({ status, text }: Answer): number[] {
  const inside = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, inner]) => Number(inner))
  return [status, ...inside]
}

for (const [state, { done, ...options }] of Object.entries(FULL)) {
  describe(`a server ${state}`, () => {
    for (const [what, write] of Object.entries(WRITES)) {
      const isDone = done.includes(what)
      it(`answers ${what} with ${isDone ? 'success' : '507'} and no code that clients repeat by themselves (CODE-08)`, async (test) => {
        const server = await fullServer(test, options)

        const statuses = statusesIn(await write(server))

        assert.deepEqual(
          statuses.filter((status) => REPEATED.includes(status)),
          [],
        )
        assert.equal(statuses.includes(507), !isDone, String(statuses))
      })

      if (isDone) continue
      it(`never tells ${what} when to try again (CODE-07)`, async (test) => {
        const server = await fullServer(test, options)

        const { headers } = await write(server)

        assert.equal(headers['retry-after'], undefined)
      })
    }

    it('goes on reading, and PROPFIND never fails for lack of space (CODE-12)', async (test) => {
      const server = await fullServer(test, options)

      const body = asking('quota-available-bytes', 'quota-used-bytes', 'getetag', 'lockdiscovery')
      const members = await propfind(server, '/', { depth: '1', body })
      const all = await propfind(server, '/box', { depth: '1' })
      const file = await ask(server, 'GET /kept.bin')

      assert.deepEqual(members.map(({ href }) => href).sort(), ['/', '/box/', '/kept.bin'])
      assert.equal(members[0]?.found.get('DAV:quota-available-bytes')?.text, '0')
      assert.deepEqual([all.length, file.bytes.byteLength], [2, 100_000])
    })
  })
}

for (const disk of SMALL_DISKS) {
  describe(`a ${disk.type} that another program has filled to the last byte`, {
    skip: cannotMake(disk),
  }, () => {
    it('is told as 507 by every method that writes, and never as 500 or 503 (CODE-05, CODE-09)', async (test) => {
      const { server, fill } = await smallDisk(test, disk, { keepFreeBytes: 0 })
      await ask(server, 'MKCOL /box')
      for (const path of ['/kept.bin', '/box/member.bin'])
        await ask(server, `PUT ${path}`, { body: randomBytes(MIB) })
      fill()

      for (const [what, write] of Object.entries(WRITES)) {
        const statuses = statusesIn(await write(server))
        // btrfs overwrites the pages of the state where another file system would need new room.
        const hasRoom = !disk.isExact && [201, 200].includes(statuses.at(-1) ?? 0)
        assert.ok(hasRoom || statuses.includes(507), `${what}: ${statuses}`)
        assert.deepEqual(
          statuses.filter((status) => REPEATED.includes(status)),
          [],
        )
      }
    })
  })
}

describe('a file larger than the server takes at all (RFC 9110 §15.5.14)', () => {
  it('is the only upload that is 413; one that only lacks room is 507 (CODE-02)', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000, limitBytes: 4000 })

    for (const chunked of [false, true]) {
      const tooLarge = await ask(server, 'PUT /a.bin', { body: randomBytes(5001), chunked })
      const noRoom = await ask(server, 'PUT /a.bin', { body: randomBytes(5000), chunked })

      assert.deepEqual([tooLarge.status, noRoom.status], [413, 507])
      assert.equal(tooLarge.headers['retry-after'], undefined)
      assert.equal(refusalIn(noRoom.text).condition, 'D:quota-not-exceeded')
    }
  })

  it('counts the content of one request, not what is there already (CODE-02)', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 5000 })

    const statuses: number[] = []
    for (const path of ['/a.bin', '/b.bin', '/a.bin'])
      statuses.push((await ask(server, `PUT ${path}`, { body: randomBytes(5000) })).status)

    assert.deepEqual(statuses, [201, 201, 204])
  })
})

describe('a server that has too much to do (RFC 6585 §4, RFC 9110 §15.6.4)', () => {
  const busy = [
    { limits: { uploadsPerUser: 0 }, status: 429, line: 'is 429 to one who asks for too much (CODE-04)' },
    { limits: { uploads: 0 }, status: 503, line: 'is 503 to everybody where all slots are taken (CODE-05)' },
  ]
  for (const { limits, status, line } of busy) {
    it(`${line}, with an explanation and a time to come back, and is kept by no cache`, async (test) => {
      const server = await serverWith(test, { limits })

      for (const type of ['application/xml', 'application/problem+json', 'text/html']) {
        const answer = await ask(server, 'PUT /a', { body: 'x', headers: { Accept: type } })

        assert.equal(answer.status, status)
        assert.ok(Number(answer.headers['retry-after']) > 0)
        assert.equal(answer.headers['cache-control'], 'no-store')
        assert.ok(answer.headers['content-type']?.startsWith(type))
        assert.match(answer.text, /0 (of your )?uploads are running already/)
      }
    })
  }

  it('is 429 also to one who guesses passwords (CODE-04)', async (test) => {
    const users = [{ name: 'alice', password: 'secret' }]
    const server = await serverWith(test, { authenticate: await basicAuthenticator(users) })

    let answer = await ask(server, 'GET /')
    for (let guess = 0; answer.status !== 429 && guess < 50; guess++) {
      const Authorization = `Basic ${btoa(`alice:${guess}`)}`
      answer = await ask(server, 'GET /', { headers: { Authorization } })
    }

    assert.equal(answer.status, 429)
    assert.ok(Number(answer.headers['retry-after']) > 0)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.match(answer.text, /too many failed attempts/i)
  })
})

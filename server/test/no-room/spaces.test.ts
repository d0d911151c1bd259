import assert from 'node:assert/strict'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { parseSpace } from '../../src/config/space-limits.ts'
import { ask } from '../support/ask.ts'
import { randomBytes } from '../support/content.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { failures, restarted, setting, transfer, update, verdicts } from '../support/spawned.ts'

const DAY_MS = 86_400_000

/** A server with `/group`, `/group/home` and `/group/home/folder` and limits on some of them. */
async function serverWithSpaces(test: TestContext, ...spaces: readonly string[]): Promise<TestServer> {
  const server = await serverWith(test, { spaces: spaces.map(parseSpace) })
  for (const path of ['/group', '/group/home', '/group/home/folder']) await ask(server, `MKCOL ${path}`)
  return server
}

function put(server: TestServer, path: string, bytes: number) {
  return ask(server, `PUT ${path}`, { body: randomBytes(bytes) })
}

async function status(answer: Promise<{ readonly status: number }>): Promise<number> {
  return (await answer).status
}

describe('spaces in spaces', () => {
  it('are all charged, and the one that binds is named (MX-01, STOR-05, STOR-11)', async (test) => {
    const server = await serverWithSpaces(
      test,
      '/:limit=5000',
      '/group:limit=4000',
      '/group/home:limit=3000',
      '/group/home/folder:limit=2000',
    )

    const inner = refusalIn((await put(server, '/group/home/folder/a', 2001)).text)
    assert.equal(await status(put(server, '/group/home/folder/a', 2000)), 201)
    const middle = refusalIn((await put(server, '/group/home/b', 1001)).text)
    assert.equal(await status(put(server, '/group/home/b', 1000)), 201)
    const outer = refusalIn((await put(server, '/c', 2001)).text)

    assert.deepEqual(
      [inner, middle, outer].map(({ condition, storage }) => [
        condition,
        storage.cause,
        storage.root,
        storage.needed,
        storage.available,
      ]),
      [
        ['D:quota-not-exceeded', 'collection-quota', '/group/home/folder/', 2001, 2000],
        ['D:quota-not-exceeded', 'collection-quota', '/group/home/', 1001, 1000],
        ['D:quota-not-exceeded', 'collection-quota', '/', 2001, 2000],
      ],
    )
    const shown = await Promise.all(
      ['/', '/group/', '/group/home/', '/group/home/folder/'].map((path) => server.space(path)),
    )
    assert.deepEqual(shown, [
      { usedBytes: 3000, availableBytes: 2000 },
      { usedBytes: 3000, availableBytes: 1000 },
      { usedBytes: 3000, availableBytes: 0 },
      { usedBytes: 2000, availableBytes: 0 },
    ])
  })

  it('bound the number of files, the largest file and properties too (MX-08, MX-09, MX-10, MX-20)', async (test) => {
    const server = await serverWithSpaces(test, '/group/home:entries=2,file-size=100,properties=50')

    const tooLarge = await put(server, '/group/home/big', 101)
    const chunked = await ask(server, 'PUT /group/home/big', { chunked: true, body: randomBytes(101) })
    const properties = await update(server, '/group/home', setting('z:long', 'x'.repeat(60)))
    assert.equal(await status(put(server, '/group/home/small', 100)), 201)
    const tooMany = await put(server, '/group/home/other', 1)

    assert.deepEqual([tooLarge.status, chunked.status], [413, 413])
    assert.match(tooLarge.text, /<x:max-file-size limit="100"\/>/)
    assert.deepEqual(Object.values(verdicts(properties)), ['507 DAV:quota-not-exceeded'])
    const { condition, storage } = refusalIn(tooMany.text)
    assert.deepEqual(
      [
        tooMany.status,
        condition,
        storage.cause,
        storage.root,
        storage.needed,
        storage.available,
        storage.limit,
      ],
      [507, 'D:quota-not-exceeded', 'entries', '/group/home/', 1, 0, 2],
    )
  })

  it('leave no byte for a new file once they have all the files they may have (QUOTA-06, LVL-02, LVL-03)', async (test) => {
    const server = await serverWithSpaces(test, '/group:limit=1000,entries=3', '/group/home:limit=500')
    await put(server, '/group/home/a', 10)

    const refused = await put(server, '/group/home/b', 1)
    const shown = [await server.space('/group/'), await server.space('/group/home/')]

    assert.equal(refused.headers['plimsoll-space'], '"/group/";level=full;used=10;limit=1000;available=0')
    assert.deepEqual(
      shown.map(({ availableBytes }) => availableBytes),
      [0, 0],
    )
    assert.equal(await status(put(server, '/group/home/a', 20)), 204)
  })

  it('take no copy or move of a file above their largest (MX-24)', async (test) => {
    const server = await serverWithSpaces(test, '/group/home:file-size=100')
    await ask(server, 'MKCOL /tree')
    assert.equal(await status(put(server, '/tree/big', 200)), 201)
    assert.equal(await status(put(server, '/tree/small', 50)), 201)

    const file = await status(transfer(server, 'COPY', '/tree/big', '/group/home/big'))
    const tree = failures(await transfer(server, 'COPY', '/tree', '/group/home/tree'))
    const moved = await status(transfer(server, 'MOVE', '/tree', '/group/home/moved'))

    assert.equal(file, 403)
    assert.deepEqual(Object.keys(tree), ['/group/home/tree/big'])
    assert.equal(moved, 403)
    assert.equal(await status(ask(server, 'GET /tree/big')), 200)
  })

  it('give room back where it was taken, whatever moves meanwhile (STOR-12, QUOTA-17)', async (test) => {
    const server = await serverWithSpaces(test, '/group:limit=4000', '/group/home:limit=3000')
    assert.equal(await status(put(server, '/group/home/folder/a', 2500)), 201)

    const out = await status(transfer(server, 'MOVE', '/group/home/folder', '/group/folder'))
    const full = await status(put(server, '/group/home/b', 1600))
    const back = await status(transfer(server, 'MOVE', '/group/folder', '/group/home/folder'))
    const gone = await status(ask(server, 'DELETE /group/home/folder'))

    assert.deepEqual([out, full, back, gone], [201, 507, 201, 204])
    assert.deepEqual(
      [await server.space('/group/'), await server.space('/group/home/')].map(({ usedBytes }) => usedBytes),
      [0, 0],
    )
  })

  it('refuse a tree that comes as a whole onto limits of the configuration (MX-33)', async (test) => {
    const server = await serverWithSpaces(test, '/group/home/folder:limit=10')
    await ask(server, 'MKCOL /tree')
    await ask(server, 'MKCOL /tree/folder')
    assert.equal(await status(put(server, '/tree/folder/a', 100)), 201)

    const moved = await status(transfer(server, 'MOVE', '/tree', '/group/home'))
    const copied = await status(transfer(server, 'COPY', '/tree', '/group/home'))

    assert.deepEqual([moved, copied], [403, 403])
    assert.equal((await server.space('/group/home/folder/')).usedBytes, 0)
  })

  it('are still there after a restart, and those left out of the configuration are not', async (test) => {
    const server = await serverWithSpaces(test, '/group:limit=1000', '/group/home:limit=500')
    assert.equal(await status(put(server, '/group/home/a', 400)), 201)

    const again = await restarted(test, server, { spaces: [parseSpace('/group/home:limit=450')] })

    assert.equal(await status(put(again, '/group/home/b', 51)), 507)
    assert.equal(await status(put(again, '/group/b', 5000)), 201)
    assert.deepEqual(await again.space('/group/home/'), { usedBytes: 400, availableBytes: 50 })
  })
})

describe('the numbers of a space', () => {
  it('are its own, and what is left is bounded by what is around it (QUOTA-13, QUOTA-18)', async (test) => {
    const server = await serverWithSpaces(test, '/:limit=5000', '/group:limit=9000', '/group/home:limit=800')
    assert.equal(await status(put(server, '/a', 3000)), 201)
    assert.equal(await status(put(server, '/group/home/folder/b', 300)), 201)

    const shown = await Promise.all(
      ['/', '/group/', '/group/home/', '/group/home/folder/'].map((path) => server.space(path)),
    )

    assert.deepEqual(shown, [
      { usedBytes: 3300, availableBytes: 1700 },
      { usedBytes: 300, availableBytes: 1700 },
      { usedBytes: 300, availableBytes: 500 },
      { usedBytes: 300, availableBytes: 500 },
    ])
  })
})

describe('a soft limit', () => {
  it('may be passed during its grace, and refuses growth but nothing else after it (QUOTA-08)', async (test) => {
    let now = Date.now()
    const server = await serverWith(test, {
      spaces: [parseSpace('/:limit=1000,soft-limit=500,grace=7d')],
      nowMs: () => now,
    })
    assert.equal(await status(put(server, '/a', 600)), 201)

    now += 6 * DAY_MS
    const during = await status(put(server, '/b', 100))
    now += 2 * DAY_MS
    const after = await put(server, '/c', 1)
    const shrunk = await status(put(server, '/a', 300))
    const below = await status(put(server, '/c', 100))
    now += 30 * DAY_MS
    const stillBelow = await status(put(server, '/c', 100))

    const { storage } = refusalIn(after.text)
    assert.deepEqual([during, after.status, shrunk, below, stillBelow], [201, 507, 204, 201, 204])
    assert.deepEqual([storage.limit, storage.used, storage.available], [500, 700, 0])
  })

  it('begins its grace anew when it has been kept in between', async (test) => {
    let now = Date.now()
    const server = await serverWith(test, {
      spaces: [parseSpace('/:soft-limit=500,grace=1d')],
      nowMs: () => now,
    })
    assert.equal(await status(put(server, '/a', 600)), 201)
    now += DAY_MS / 2
    assert.equal(await status(ask(server, 'DELETE /a')), 204)
    assert.equal(await status(put(server, '/a', 600)), 201)

    now += DAY_MS * 0.75
    const during = await status(put(server, '/b', 1))
    now += DAY_MS / 2
    const after = await status(put(server, '/c', 1))

    assert.deepEqual([during, after], [201, 507])
  })

  it('is not moved by a clock that jumps back', async (test) => {
    let now = Date.now()
    const server = await serverWith(test, {
      spaces: [parseSpace('/:soft-limit=500,grace=1d')],
      nowMs: () => now,
    })
    assert.equal(await status(put(server, '/a', 600)), 201)

    now -= 400 * DAY_MS
    const before = await status(put(server, '/b', 1))
    now += 402 * DAY_MS
    const after = await status(put(server, '/c', 1))

    assert.deepEqual([before, after], [201, 507])
  })
})

describe('a grace that began while the clock was ahead', () => {
  it('begins no later than the moment at which the limits are set anew', async (test) => {
    let now = Date.now()
    const nowMs = () => now
    const server = await serverWith(test, { spaces: [parseSpace('/:soft-limit=500,grace=1d')], nowMs })
    assert.equal(await status(put(server, '/a', 600)), 201)

    now -= 400 * DAY_MS
    const again = await restarted(test, server, {
      spaces: [parseSpace('/:soft-limit=500,grace=2d')],
      nowMs,
    })
    now += 3 * DAY_MS

    assert.equal(await status(put(again, '/b', 1)), 507)
  })
})

describe('a folder that others move behind the server', () => {
  it('is charged where it is found at the next start (STOR-10)', async (test) => {
    const server = await serverWithSpaces(test, '/group:limit=4000', '/group/home:limit=3000')
    assert.equal(await status(put(server, '/group/home/folder/a', 2500)), 201)
    await server.running.close()
    server.running.close = async () => {}
    renameSync(join(server.folder, 'group/home/folder'), join(server.folder, 'elsewhere'))
    mkdirSync(join(server.folder, 'group/new'))
    writeFileSync(join(server.folder, 'group/new/b'), randomBytes(700))

    const again = await restarted(test, server, {
      spaces: ['/group:limit=4000', '/group/home:limit=3000'].map(parseSpace),
    })

    const used = await Promise.all(['/', '/group/', '/group/home/'].map((path) => again.space(path)))
    assert.deepEqual(
      used.map(({ usedBytes }) => usedBytes),
      [3200, 700, 0],
    )
  })
})

import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { NO_LIMITS } from '../../src/core/ledger.ts'
import { resourcePath } from '../../src/core/path.ts'
import { ask } from '../support/ask.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { askLock } from '../support/spawned.ts'

const LIMIT = 100_000
const INNER_LIMIT = 10_000

describe('a change that another program makes in the folder', () => {
  it('is seen when a file is added, cut and deleted, also in an inner space (OTH-01, QUOTA-17)', async (test) => {
    const server = await watchingServer(test)
    const file = join(server.folder, 'team', 'deep', 'report')

    writeFileSync(file, 'x'.repeat(4000))
    await uses(server, { '/': 4000, '/team': 4000, '/other': 0 })
    truncateSync(file, 1000)
    await uses(server, { '/': 1000, '/team': 1000, '/other': 0 })
    rmSync(file)
    await uses(server, { '/': 0, '/team': 0, '/other': 0 })
  })

  it('is seen when a folder is moved in, around and out (OTH-01, QUOTA-17)', async (test) => {
    const server = await watchingServer(test)
    const outside = join(temporaryFolder(test), 'tree')
    mkdirSync(join(outside, 'a', 'b'), { recursive: true })
    writeFileSync(join(outside, 'a', 'b', 'f'), 'x'.repeat(3000))

    renameSync(outside, join(server.folder, 'team', 'tree'))
    await uses(server, { '/': 3000, '/team': 3000, '/other': 0 })
    renameSync(join(server.folder, 'team', 'tree'), join(server.folder, 'other', 'tree'))
    await uses(server, { '/': 3000, '/team': 0, '/other': 3000 })
    writeFileSync(join(server.folder, 'other', 'tree', 'a', 'b', 'g'), 'x'.repeat(500))
    await uses(server, { '/': 3500, '/team': 0, '/other': 3500 })
    renameSync(join(server.folder, 'other', 'tree'), outside)
    await uses(server, { '/': 0, '/team': 0, '/other': 0 })
  })

  it('is seen when one folder takes the name of another, with what is in it (OTH-01, QUOTA-17)', async (test) => {
    const server = await watchingServer(test)
    for (const [name, size] of [
      ['old', 100],
      ['new', 2000],
    ] as const) {
      mkdirSync(join(server.folder, name, `in-${name}`), { recursive: true })
      writeFileSync(join(server.folder, name, `in-${name}`, 'f'), 'x'.repeat(size))
    }
    await uses(server, { '/': 2100 })

    renameSync(join(server.folder, 'old'), join(temporaryFolder(test), 'old'))
    renameSync(join(server.folder, 'new'), join(server.folder, 'old'))
    await uses(server, { '/': 2000 })
    writeFileSync(join(server.folder, 'old', 'in-new', 'g'), 'x'.repeat(50))
    await uses(server, { '/': 2050 })
  })

  it('decides what fits from then on (OTH-01, RFC 4331 §6)', async (test) => {
    const server = await watchingServer(test)
    writeFileSync(join(server.folder, 'team', 'theirs'), 'x'.repeat(9500))
    await uses(server, { '/team': 9500 })

    const refused = await ask(server, 'PUT /team/ours', { body: 'x'.repeat(501) })
    const fits = await ask(server, 'PUT /team/small', { body: 'x'.repeat(500) })
    rmSync(join(server.folder, 'team', 'theirs'))
    await uses(server, { '/team': 500 })
    const after = await ask(server, 'PUT /team/ours', { body: 'x'.repeat(9500) })

    assert.deepEqual([refused.status, fits.status, after.status], [507, 201, 201])
    assert.match(refused.text, /quota-not-exceeded/)
  })

  it('takes properties and locks along with what it removes (OTH-01, QUOTA-17)', async (test) => {
    const server = await watchingServer(test)
    await ask(server, 'MKCOL /team/gone')
    for (const path of ['/team/file', '/team/gone/file', '/team/stays']) {
      await ask(server, `PUT ${path}`, { body: 'x'.repeat(100) })
      const set = await ask(server, `PROPPATCH ${path}`, { body: patch('note', 'n'.repeat(200)) })
      assert.equal(set.status, 207)
    }
    await askLock(server, '/team/file', {})
    const { usedBytes } = await server.space('/team')
    const eachBytes = usedBytes / 3

    rmSync(join(server.folder, 'team', 'file'))
    rmSync(join(server.folder, 'team', 'gone'), { recursive: true })
    await uses(server, { '/': eachBytes, '/team': eachBytes })

    const locked = await ask(server, 'PUT /team/file', { body: '' })
    assert.ok(eachBytes > 300)
    assert.equal(locked.status, 201)
  })

  it('is told in one line for many files (OTH-04)', async (test) => {
    const server = await watchingServer(test)

    for (let at = 0; at < 300; at += 1) writeFileSync(join(server.folder, 'team', `f${at}`), 'x')
    await uses(server, { '/': 300, '/team': 300 })

    const lines = () => server.log.messages.filter((line) => line.includes('differs from the counters'))
    await eventually('it was told', () => lines().length > 0)
    assert.ok(lines().length <= 3, lines().join('\n'))
  })

  it('is not looked for with --watch off, before the next start (OTH-01, QUOTA-17)', async (test) => {
    const server = await serverWith(test, { watch: 'off', limits: QUICK })
    const watched = await serverWith(test, { watch: 'auto', limits: QUICK })

    for (const { folder } of [server, watched]) writeFileSync(join(folder, 'f'), 'x'.repeat(100))
    await uses(watched, { '/': 100 })

    assert.equal((await server.space()).usedBytes, 0)
  })
})

const QUICK = { followSeconds: 0.05 }

async function watchingServer(test: TestContext): Promise<TestServer> {
  const folder = temporaryFolder(test)
  for (const name of ['team/deep', 'other']) mkdirSync(join(folder, name), { recursive: true })
  const inner = { ...NO_LIMITS, limitBytes: INNER_LIMIT }
  return await serverWith(test, {
    folder,
    watch: 'auto',
    limitBytes: LIMIT,
    spaces: ['team', 'other'].map((name) => ({
      path: resourcePath([name]),
      kind: 'collection',
      limits: inner,
    })),
    limits: QUICK,
  })
}

/** Waits until the server says so of each collection: how much is used, and with it how much is left. */
async function uses(server: TestServer, wanted: Readonly<Record<string, number>>): Promise<void> {
  for (const [path, usedBytes] of Object.entries(wanted)) {
    await eventually(
      `${path} uses ${usedBytes}`,
      async () => (await server.space(path)).usedBytes === usedBytes,
      { seconds: 60 },
    )
  }
  for (const [path, usedBytes] of Object.entries(wanted)) {
    if (path === '/') continue
    assert.deepEqual(await server.space(path), { usedBytes, availableBytes: INNER_LIMIT - usedBytes })
  }
}

function patch(name: string, value: string): string {
  return `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><Z:${name} xmlns:Z="urn:z">${value}</Z:${name}></D:prop></D:set></D:propertyupdate>`
}

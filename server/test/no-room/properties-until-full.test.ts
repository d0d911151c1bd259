import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { propfind } from '../support/multistatus.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import {
  askLock,
  failures,
  lock,
  removing,
  restarted,
  setting,
  transfer,
  unlock,
  update,
  verdicts,
} from '../support/spawned.ts'
import { cannotMount, missingTool } from '../support/tools.ts'
import { type FileSystem, fillUp, mountedVolume } from '../support/volume.ts'

const QUOTA = '507 DAV:quota-not-exceeded'
const DISK = '507 DAV:sufficient-disk-space'

/** So many that the bound of a single one is not in the way. */
const FILES = 32

/** A value that no file system can compress, as XML text. */
function value(bytes: number): string {
  return Buffer.from(randomBytes(bytes / 2)).toString('hex')
}

/**
 * Sets values of nearly 64 KiB on one file after the other until one is refused.
 * @returns what was acknowledged, by path, and the refusal
 */
async function setUntilFull(server: TestServer) {
  const acknowledged = new Map<string, string>()
  for (let number = 0; ; number++) {
    const path = `/file-${number % FILES}`
    const name = `z:value-${Math.floor(number / FILES)}`
    const text = value(60 * KIB)
    const answer = await update(server, path, setting(name, text) + setting('z:last', String(number)))
    if (Object.values(verdicts(answer)).some((verdict) => verdict !== '200')) return { acknowledged, answer }
    acknowledged.set(`${path} {urn:z}${name.slice(2)}`, text)
    acknowledged.set(`${path} {urn:z}last`, String(number))
  }
}

async function assertReadable(server: TestServer, acknowledged: ReadonlyMap<string, string>): Promise<void> {
  const found = new Map<string, string>()
  for (const { href, found: properties } of await propfind(server, '/', { depth: '1' })) {
    for (const [name, { text }] of properties)
      if (name.startsWith('{urn:z}')) found.set(`${href} ${name}`, text)
  }
  assert.deepEqual(found, acknowledged)
}

async function makeFiles(server: TestServer): Promise<TestServer> {
  for (let number = 0; number < FILES; number++) await ask(server, `PUT /file-${number}`, { body: 'x' })
  return server
}

describe('properties until a limit is reached', () => {
  it('end with 507 in the propstat, and all that was acknowledged is there, also after a restart (MX-20, STOR-17, PP-02)', async (test) => {
    const limitBytes = 2 * MIB
    const server = await makeFiles(await serverWith(test, { limitBytes }))

    const { acknowledged, answer } = await setUntilFull(server)

    const [first, second] = Object.values(verdicts(answer))
    assert.deepEqual([first, second], [QUOTA, '424'])
    assert.ok(acknowledged.size > 16, `${acknowledged.size} were acknowledged`)
    await assertReadable(server, acknowledged)
    const { usedBytes } = await server.space()
    assert.ok(usedBytes <= limitBytes && usedBytes > limitBytes - 64 * KIB, `${usedBytes} bytes are used`)
    const again = await restarted(test, server, { limitBytes })
    await assertReadable(again, acknowledged)
    assert.equal((await again.space()).usedBytes, usedBytes)
    assert.deepEqual(again.log.messages.filter(isDifference), [])
  })

  it('leave everything as it was where one of several does not fit (MX-20, STOR-01, STOR-17)', async (test) => {
    const server = await makeFiles(await serverWith(test, { limitBytes: 1000 }))
    await update(server, '/file-0', setting('z:old', 'kept'))
    const before = [await snapshotOf(server), await server.space()]

    const changes = setting('z:small', 'x') + setting('z:big', 'x'.repeat(2000)) + removing('z:old')
    const answer = await update(server, '/file-0', changes)

    assert.deepEqual(verdicts(answer), { '{urn:z}big': QUOTA, '{urn:z}small': '424', '{urn:z}old': '424' })
    assert.deepEqual([await snapshotOf(server), await server.space()], before)
    assert.equal(answer.headers['retry-after'], undefined)
  })

  it('can be removed, and replaced by smaller ones, when nothing is left (MX-21, STOR-12)', async (test) => {
    const server = await makeFiles(await serverWith(test, { limitBytes: 1000 }))
    await update(server, '/file-0', setting('z:big', 'x'.repeat(600)))
    const { availableBytes } = await server.space()
    await ask(server, 'PUT /filler', { body: randomBytes(availableBytes) })

    const smaller = await update(server, '/file-0', setting('z:big', 'x'.repeat(500)))
    const removed = await update(server, '/file-0', removing('z:big'))

    assert.deepEqual(
      [verdicts(smaller), verdicts(removed)],
      [{ '{urn:z}big': '200' }, { '{urn:z}big': '200' }],
    )
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })
})

function isDifference(message: string): boolean {
  return message.includes('differs')
}

for (const [type, sizeBytes] of [
  ['tmpfs', 16 * MIB],
  ['ext4', 24 * MIB],
] as const satisfies [FileSystem, number][]) {
  const skip = cannotMount() || (type === 'ext4' && missingTool('mkfs.ext4'))
  const diskWithFiles = async (test: TestContext) => {
    const at = mountedVolume(test, type, { sizeBytes })
    const folder = join(at, 'files')
    mkdirSync(folder)
    return { at, server: await makeFiles(await serverWith(test, { folder, durability: 'full' })) }
  }

  describe(`on a ${type} without a limit`, { skip }, () => {
    it('properties end with 507 in the propstat, and all that was acknowledged is there, also after a restart (MX-20, STOR-17)', async (test) => {
      const { server } = await diskWithFiles(test)

      const { acknowledged, answer } = await setUntilFull(server)

      const [first, second] = Object.values(verdicts(answer))
      assert.deepEqual([first, second], [DISK, '424'])
      await assertReadable(server, acknowledged)
      const again = await restarted(test, server)
      await assertReadable(again, acknowledged)
      assert.deepEqual(again.log.messages.filter(isDifference), [])
      assert.equal((await ask(again, 'DELETE /file-0')).status, 204)
    })

    it('a full disk takes no property, no lock and no file for one (MX-14, MX-15, MX-20)', async (test) => {
      const { server, at } = await diskWithFiles(test)
      fillUp(at, sizeBytes)
      const before = await snapshotOf(server)

      const property = await update(server, '/file-0', setting('z:color', 'red') + setting('z:taste', 'x'))
      const unmapped = await askLock(server, '/new')
      const existing = await askLock(server, '/file-0')

      assert.deepEqual(verdicts(property), { '{urn:z}color': DISK, '{urn:z}taste': '424' })
      for (const answer of [unmapped, existing]) assertNoRoom(answer)
      assert.equal(existsSync(join(server.folder, 'new')), false)
      assert.deepEqual(await snapshotOf(server), before)
    })

    it('a full disk refreshes and ends locks and removes properties (MX-16, MX-17, MX-21, STOR-12)', async (test) => {
      const { server, at } = await diskWithFiles(test)
      await update(server, '/file-0', setting('z:color', value(60 * KIB)))
      const tokens = await Promise.all(['/file-1', '/file-2'].map((path) => lock(server, path)))
      fillUp(at, sizeBytes)

      const refreshed = await ask(server, 'LOCK /file-1', { headers: { If: `(<${tokens[0]}>)` } })
      const ended = await Promise.all(
        tokens.map((token, index) => unlock(server, `/file-${index + 1}`, token)),
      )
      const removed = await update(server, '/file-0', removing('z:color'))

      assert.deepEqual([refreshed.status, ...ended.map(({ status }) => status)], [200, 204, 204])
      assert.deepEqual(verdicts(removed), { '{urn:z}color': '200' })
      assert.equal((await server.space()).usedBytes, server.countedBytes())
    })

    it('a full disk moves a tree with megabytes of properties, which are there at once (MX-30, CM-14, STOR-12)', async (test) => {
      const { server, at } = await diskWithFiles(test)
      await ask(server, 'MKCOL /tree')
      for (let number = 0; number < 40; number++) {
        await ask(server, `PUT /tree/file-${number}`, { body: 'x' })
        await update(server, `/tree/file-${number}`, setting('z:color', value(60 * KIB)))
      }
      fillUp(at, sizeBytes)

      const answer = await transfer(server, 'MOVE', '/tree', '/moved')

      assert.equal(answer.status, 201)
      const members = (await propfind(server, '/moved', { depth: '1' })).slice(1)
      const lengths = members.map(({ found }) => found.get('{urn:z}color')?.text.length)
      assert.deepEqual(lengths, Array(40).fill(60 * KIB))
    })
  })
}

function assertNoRoom(answer: Answer): void {
  assert.deepEqual([answer.status, refusalIn(answer.text).condition], [507, 'D:sufficient-disk-space'])
}

describe('a tree whose properties have no room', { skip: cannotMount() }, () => {
  it('is copied without the members they belong to, which a 207 names (MX-28, CM-13)', async (test) => {
    const stateDirectory = mountedVolume(test, 'tmpfs', { sizeBytes: 4 * MIB })
    const server = await serverWith(test, { folder: temporaryFolder(test), stateDirectory })
    await ask(server, 'MKCOL /tree')
    for (let number = 0; number < 34; number++) {
      await ask(server, `PUT /tree/file-${number}`, { body: `content ${number}` })
      await update(server, `/tree/file-${number}`, setting('z:color', value(60 * KIB)))
    }

    const answer = await transfer(server, 'COPY', '/tree', '/copy')

    const failed = failures(answer)
    assert.deepEqual([...new Set(Object.values(failed))], [DISK])
    const { members } = await snapshotOf(server)
    const copied = Object.keys(members).filter((name) => name.startsWith('copy/'))
    assert.ok(copied.length > 0)
    assert.equal(copied.length + Object.keys(failed).length, 34)
    for (const name of copied) {
      const [member] = await propfind(server, `/${name}`)
      assert.equal(member?.found.get('{urn:z}color')?.text.length, 60 * KIB, name)
    }
    const { usedBytes } = await server.space()
    const again = await restarted(test, server, { stateDirectory })
    assert.equal((await again.space()).usedBytes, usedBytes)
    assert.deepEqual(again.log.messages.filter(isDifference), [])
  })
})

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { NO_LIMITS } from '../../src/core/ledger.ts'
import { resourcePath } from '../../src/core/path.ts'
import { type Answer, ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes } from '../support/content.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { failures, restarted, setting, transfer, update } from '../support/spawned.ts'
import { cannotMount, missingTool } from '../support/tools.ts'
import { type FileSystem, fillUp, mountedVolume } from '../support/volume.ts'

const QUOTA = 'D:quota-not-exceeded'
const DISK = 'D:sufficient-disk-space'

async function put(server: TestServer, path: string, bytes: number): Promise<void> {
  assert.equal((await ask(server, `PUT ${path}`, { body: randomBytes(bytes) })).status, 201, path)
}

/** `/kept` and `/old` are files; `/tree` has two files in two folders. All together have 6 MiB. */
async function fill(server: TestServer): Promise<TestServer> {
  for (const path of ['/tree', '/tree/sub', '/other']) await ask(server, `MKCOL ${path}`)
  for (const [path, mib] of [
    ['/kept', 2],
    ['/old', 1],
    ['/tree/one', 1],
    ['/tree/sub/two', 2],
  ] as const) {
    await put(server, path, mib * MIB)
  }
  return server
}

/** A request that must be refused with 507 and change nothing, neither content nor what is reserved. */
async function refused(server: TestServer, condition: string, request: () => Promise<Answer>) {
  const [before, space] = [await snapshotOf(server), await server.space()]
  const answer = await request()
  const told = refusalIn(answer.text)
  assert.deepEqual(
    [answer.status, told.condition, answer.headers['retry-after']],
    [507, condition, undefined],
  )
  assert.deepEqual([await snapshotOf(server), before.strays], [before, []])
  assert.equal((await server.space()).usedBytes, space.usedBytes)
  return { ...told, space }
}

/** Counts the folder anew by a restart and compares with what the server thought. */
async function assertCounted(test: TestContext, server: TestServer): Promise<void> {
  const { usedBytes } = await server.space()
  const again = await restarted(test, server)
  assert.deepEqual(
    again.log.messages.filter((message) => message.includes('differs')),
    [],
  )
  assert.deepEqual([(await again.space()).usedBytes, again.strays()], [usedBytes, []])
}

describe('COPY under a limit', () => {
  const withRoom = async (test: TestContext, roomBytes: number): Promise<TestServer> =>
    await fill(await serverWith(test, { limitBytes: 6 * MIB + roomBytes }))

  it('refuses a file that does not fit, and takes one that fits to the byte (MX-23, CODE-08, STOR-05)', async (test) => {
    const server = await withRoom(test, 2 * MIB)
    await put(server, '/one', 1)

    const { storage, space } = await refused(server, QUOTA, () => transfer(server, 'COPY', '/kept', '/new'))
    assert.deepEqual(await server.space(), space)
    await ask(server, 'DELETE /one')
    const exact = await transfer(server, 'COPY', '/kept', '/new')

    assert.deepEqual([storage.needed, storage.available], [2 * MIB, 2 * MIB - 1])
    assert.deepEqual([exact.status, (await server.space()).availableBytes], [201, 0])
  })

  it('refuses a tree of which only half fits, before it creates anything (MX-26, STOR-13)', async (test) => {
    const server = await withRoom(test, 2 * MIB)

    for (const to of ['/new', '/other', '/tree/inside']) {
      const { storage, space } = await refused(server, QUOTA, () => transfer(server, 'COPY', '/tree', to))
      assert.equal(storage.needed, 3 * MIB)
      assert.deepEqual(await server.space(), space)
    }
  })

  it('refuses to replace what would have to grow too much, and keeps it and its ETag (MX-29, STOR-01, STOR-06)', async (test) => {
    const server = await withRoom(test, MIB)
    await put(server, '/other/small', 1000)

    await refused(server, QUOTA, () => transfer(server, 'COPY', '/kept', '/old', { Overwrite: 'T' }))
    await refused(server, QUOTA, () => transfer(server, 'COPY', '/tree', '/other'))
    await ask(server, 'DELETE /other/small')
    const exact = await transfer(server, 'COPY', '/kept', '/old')

    assert.deepEqual([exact.status, (await server.space()).availableBytes], [204, 0])
  })

  it('refuses a collection whose properties do not fit, alone and with its tree (MX-25, MX-26)', async (test) => {
    const server = await withRoom(test, 1500)
    for (const path of ['/other', '/tree/sub']) await update(server, path, setting('z:note', 'x'.repeat(600)))

    await refused(server, QUOTA, () => transfer(server, 'COPY', '/other', '/new', { Depth: '0' }))
    await refused(server, QUOTA, () => transfer(server, 'COPY', '/tree', '/new'))
  })

  it('claims the room, so that two copies cannot both have it (STOR-05)', async (test) => {
    const server = await withRoom(test, 3 * MIB)

    const copies = ['/new-1', '/new-2', '/new-3'].map((to) => transfer(server, 'COPY', '/kept', to))

    const statuses = (await Promise.all(copies)).map(({ status }) => status)
    assert.deepEqual(statuses.sort(), [201, 507, 507])
    await assertCounted(test, server)
  })
})

describe('MOVE under a limit that is reached', () => {
  it('goes on, also where it replaces something (MX-30, STOR-12)', async (test) => {
    const server = await fill(await serverWith(test, { limitBytes: 6 * MIB }))

    const statuses = [
      (await transfer(server, 'MOVE', '/kept', '/moved')).status,
      (await transfer(server, 'MOVE', '/tree', '/other/tree')).status,
      (await transfer(server, 'MOVE', '/moved', '/old')).status,
    ]

    assert.deepEqual(statuses, [201, 201, 204])
    await assertCounted(test, server)
  })

  /** Gives `/other` a limit of its own, as an administrator would. */
  async function serverWithInnerLimit(test: TestContext, limitBytes: number): Promise<TestServer> {
    const { folder, running } = await fill(await serverWith(test))
    await running.close()
    const limits = { ...NO_LIMITS, limitBytes }
    return await serverWith(test, {
      folder,
      spaces: [{ path: resourcePath(['other']), kind: 'collection', limits }],
    })
  }

  it('is refused into a collection with a limit of its own, and the source stays (MX-31, CODE-11)', async (test) => {
    const server = await serverWithInnerLimit(test, MIB)

    const { storage } = await refused(server, QUOTA, () => transfer(server, 'MOVE', '/kept', '/other/new'))

    assert.deepEqual([storage.root, storage.needed, storage.available], ['/other/', 2 * MIB, MIB])
  })

  it('is refused there also where it would replace something, which stays (MX-33)', async (test) => {
    const server = await serverWithInnerLimit(test, 2 * MIB)
    await put(server, '/other/old', MIB)

    await refused(server, QUOTA, () => transfer(server, 'MOVE', '/tree', '/other/old'))
    assert.equal((await transfer(server, 'MOVE', '/kept', '/other/old')).status, 204)

    assert.equal((await server.space('/other/')).usedBytes, 2 * MIB)
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })
})

for (const [type, sizeBytes] of [
  ['tmpfs', 16 * MIB],
  ['ext4', 24 * MIB],
] as const satisfies [FileSystem, number][]) {
  const skip = cannotMount() || (type === 'ext4' && missingTool('mkfs.ext4'))

  describe(`a full ${type}`, { skip }, () => {
    it('refuses copies of files and trees, and keeps what they would replace (MX-23, MX-25, MX-26, MX-29)', async (test) => {
      const { server, at } = await smallDisk(test, type, sizeBytes)
      fillUp(at, sizeBytes)

      for (const [from, to, Depth] of [
        ['/kept', '/new', 'infinity'],
        ['/kept', '/old', 'infinity'],
        ['/tree', '/new', 'infinity'],
        ['/tree', '/other', 'infinity'],
        ['/tree', '/new', '0'],
      ] as const) {
        await refused(server, DISK, () => transfer(server, 'COPY', from, to, { Depth }))
      }
    })

    it('refuses a tree of which only half fits, before it creates anything (MX-26, STOR-13)', async (test) => {
      const { server, at } = await smallDisk(test, type, sizeBytes)
      const { availableBytes } = await server.space()
      writeFileSync(join(at, 'other-program'), randomBytes(availableBytes - 2 * MIB))

      const { storage } = await refused(server, DISK, () => transfer(server, 'COPY', '/tree', '/new'))

      assert.deepEqual([storage.cause, storage.needed], ['disk-bytes', 3 * MIB])
    })

    it('counts what many small files take beyond their bytes (MX-26, STOR-09, STOR-13)', async (test) => {
      const { server, at } = await smallDisk(test, type, sizeBytes)
      for (let number = 0; number < 150; number++) await put(server, `/tree/sub/small-${number}`, 1)
      const { availableBytes } = await server.space()
      writeFileSync(join(at, 'other-program'), randomBytes(availableBytes - 3 * MIB - 256 * KIB))

      await refused(server, DISK, () => transfer(server, 'COPY', '/tree', '/new'))
    })

    it('moves files and trees, also onto others, and deletes them (MX-30, MX-34, STOR-12)', async (test) => {
      const { server, at } = await smallDisk(test, type, sizeBytes)
      fillUp(at, sizeBytes)

      const statuses = [
        (await transfer(server, 'MOVE', '/kept', '/moved')).status,
        (await transfer(server, 'MOVE', '/tree/sub', '/other/sub')).status,
        (await transfer(server, 'MOVE', '/moved', '/old')).status,
        (await transfer(server, 'MOVE', '/old', '/other/sub/two')).status,
        (await transfer(server, 'MOVE', '/other', '/tree')).status,
        (await ask(server, 'DELETE /tree')).status,
      ]

      assert.deepEqual(statuses, [201, 201, 204, 204, 204, 204])
      await assertCounted(test, server)
    })
  })
}

async function smallDisk(test: TestContext, type: FileSystem, sizeBytes: number, inodes?: number) {
  const at = mountedVolume(test, type, { sizeBytes, ...(inodes === undefined ? {} : { inodes }) })
  const folder = join(at, 'files')
  mkdirSync(folder)
  return { at, server: await fill(await serverWith(test, { folder, durability: 'full' })) }
}

describe('room that vanishes while a tree is copied', { skip: cannotMount() }, () => {
  it('leaves out the members that do not fit, copies those that do, and names the former in a 207 (MX-27, STOR-14, STOR-16, CM-17)', async (test) => {
    const { server, at } = await smallDisk(test, 'tmpfs', 96 * MIB)
    await ask(server, 'MKCOL /many')
    for (let number = 0; number < 10; number++) {
      await put(server, `/many/big-${number}`, 3 * MIB)
      await put(server, `/many/small-${number}`, KIB)
    }

    const copying = transfer(server, 'COPY', '/many', '/copy')
    await copyBegins(server)
    // One big file may be on its way; what is left then is still enough for the small ones.
    const { bavail, bsize } = statfsSync(at)
    writeFileSync(join(at, 'other-program'), randomBytes(bavail * bsize - 4 * MIB))
    const answer = await copying

    const failed = failures(answer)
    assert.deepEqual([...new Set(Object.values(failed))], [`507 DAV:${DISK.slice(2)}`])
    assert.ok(
      Object.keys(failed).every((href) => href.startsWith('/copy/big-')),
      answer.text,
    )
    assert.match(answer.text, /HTTP\/1\.1 507 Insufficient Storage/)
    const { members } = await snapshotOf(server)
    for (const name of readdirSync(join(server.folder, 'many'))) {
      const [source, copy] = [members[`many/${name}`], members[`copy/${name}`]]
      assert.equal(copy?.sha, `/copy/${name}` in failed ? undefined : source?.sha, name)
    }
    await assertCounted(test, server)
  })

  it('names a collection that could not be made, and nothing of what was below it (MX-27, CM-16, CM-18)', async (test) => {
    const { server, at } = await smallDisk(test, 'tmpfs', 16 * MIB, 400)
    await ask(server, 'MKCOL /many')
    for (let number = 0; number < 20; number++) {
      await ask(server, `MKCOL /many/folder-${number}`)
      await put(server, `/many/folder-${number}/file`, 10)
    }

    const copying = transfer(server, 'COPY', '/many', '/copy')
    await copyBegins(server)
    while (statfsSync(at).ffree > 0) writeFileSync(join(at, `inode-${statfsSync(at).ffree}`), '')
    const answer = await copying

    const failed = failures(answer)
    const folders = Object.keys(failed).filter((href) => /folder-\d+$/.test(href))
    const below = Object.keys(failed).filter((href) =>
      folders.some((folder) => href.startsWith(`${folder}/`)),
    )
    assert.ok(folders.length > 0, answer.text)
    assert.deepEqual([below, [...new Set(Object.values(failed))]], [[], [`507 DAV:${DISK.slice(2)}`]])
    for (const folder of folders) assert.equal(existsSync(join(server.folder, folder)), false)
    await assertCounted(test, server)
  })
})

/** Waits until a copy has claimed its room and begun, turn by turn, so that it cannot end meanwhile. */
async function copyBegins(server: TestServer): Promise<void> {
  while (server.strays().length === 0) await turn()
}

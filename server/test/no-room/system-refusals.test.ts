import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { inChunks, MIB, randomBytes, sha256 } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { cannotMake, SMALL_DISKS, smallDisk } from '../support/small-disk.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { missingTool } from '../support/tools.ts'
import { upload } from '../support/upload.ts'
import { fillUp, mountedVolume } from '../support/volume.ts'

const DISK = 'D:sufficient-disk-space'
const QUOTA = 'D:quota-not-exceeded'

for (const disk of SMALL_DISKS.filter(({ type }) => type !== 'btrfs')) {
  describe(`a ${disk.type} with few inodes`, { skip: cannotMake(disk) }, () => {
    it('refuses new names when none is left, and deletes (MX-08, MX-18, MX-34)', async (test) => {
      const at = mountedVolume(test, disk.type, { sizeBytes: disk.sizeBytes, inodes: 64 })
      const folder = join(at, 'files')
      mkdirSync(folder)
      const server = await serverWith(test, { folder, durability: 'full' })
      await upload(server, '/kept.bin', randomBytes(1000))
      useUpInodes(at)
      const before = await snapshotOf(server)

      const body = randomBytes(1000)
      const refused = [await upload(server, '/new.bin', body, { expects100: true })]
      refused.push(await upload(server, '/kept.bin', body))
      const collection = await ask(server, 'MKCOL /folder')
      const after = await snapshotOf(server)
      const deleted = await ask(server, 'DELETE /kept.bin')

      for (const { status, condition, storage } of refused) {
        assert.deepEqual([status, condition, storage.cause], [507, DISK, 'inodes'])
      }
      assert.equal(collection.status, 507)
      assert.equal(refusalIn(collection.text).storage.cause, 'inodes')
      assert.deepEqual([refused[0]?.continued, refused[0]?.sentBytes], [false, 0])
      assert.deepEqual(after, before)
      assert.equal(deleted.status, 204)
      assert.equal((await server.space()).usedBytes, 0)
    })

    it('shows that no new file may have a byte when none is left (QUOTA-06, LVL-02)', async (test) => {
      const at = mountedVolume(test, disk.type, { sizeBytes: disk.sizeBytes, inodes: 64 })
      const folder = join(at, 'files')
      mkdirSync(folder)
      const server = await serverWith(test, { folder, durability: 'full' })
      useUpInodes(at)

      const refused = await ask(server, 'PUT /new.bin', { body: 'x' })
      const page = await ask(server, 'GET /')

      assert.equal(refused.headers['plimsoll-space'], 'disk;level=full;available=0')
      assert.deepEqual(await server.space(), { usedBytes: 0, availableBytes: 0 })
      assert.match(page.text, /0 B used, 0 B free\./)
      assert.equal((await server.running.summary()).availableBytes, 0)
    })
  })
}

for (const disk of SMALL_DISKS) {
  describe(`ENOSPC from a ${disk.type} while a body is written`, { skip: cannotMake(disk) }, () => {
    it('answers 507 and leaves a new name free (MX-07)', async (test) => {
      const { server, fill } = await smallDisk(test, disk, { keepFreeBytes: 0 })
      const before = await snapshotOf(server)

      const body = randomBytes(4 * MIB)
      const answer = await upload(server, '/new.bin', interrupted(body, fill), { declaredBytes: 4 * MIB })

      assert.deepEqual([answer.status, answer.condition], [507, DISK])
      assert.equal(answer.storage.cause, 'disk-bytes')
      assert.deepEqual(await snapshotOf(server), before)
    })

    it('answers 507 and keeps the file that was to be replaced (MX-07)', async (test) => {
      const { server, fill } = await smallDisk(test, disk, { keepFreeBytes: 0 })
      const old = randomBytes(2 * MIB)
      await upload(server, '/kept.bin', old)
      const before = await snapshotOf(server)

      const answer = await upload(server, '/kept.bin', interrupted(randomBytes(4 * MIB), fill))
      const read = await ask(server, 'GET /kept.bin')

      assert.deepEqual([answer.status, answer.condition], [507, DISK])
      assert.equal(sha256(read.bytes), sha256(old))
      assert.deepEqual(await snapshotOf(server), before)
    })
  })
}

describe('EDQUOT from a btrfs quota group', {
  skip: cannotMake({ type: 'btrfs' }) || missingTool('btrfs'),
}, () => {
  it('is told as a quota, apart from a full disk, and leaves the old content (MX-07, STOR-04)', async (test) => {
    const server = await serverUnderQuota(test, { stateDirectory: temporaryFolder(test) })
    await upload(server, '/kept.bin', randomBytes(5 * MIB))
    const before = await snapshotOf(server)

    const body = randomBytes(5 * MIB)
    const onNew = await upload(server, '/new.bin', body)
    const onOld = await upload(server, '/kept.bin', inChunks(body))
    const after = await snapshotOf(server)
    const deleted = await ask(server, 'DELETE /kept.bin')

    assert.deepEqual([onNew.status, onNew.condition], [507, QUOTA])
    assert.deepEqual([onOld.status, onOld.condition], [507, QUOTA])
    assert.deepEqual(after, before)
    assert.equal(deleted.status, 204)
  })

  it('refuses and deletes too where the state is under the same quota (MX-34)', async (test) => {
    const server = await serverUnderQuota(test)
    await upload(server, '/kept.bin', randomBytes(4 * MIB))
    useUpBytes(server.folder)
    const before = await snapshotOf(server)

    const onNew = await upload(server, '/new.bin', randomBytes(MIB))
    const after = await snapshotOf(server)
    const deleted = await ask(server, 'DELETE /kept.bin')
    const stored = await upload(server, '/new.bin', randomBytes(MIB))

    assert.deepEqual([onNew.status, onNew.condition], [507, QUOTA])
    assert.deepEqual(after, before)
    assert.deepEqual([deleted.status, stored.status], [204, 201])
  })
})

describe('a file system that became read-only', { skip: cannotMake({ type: 'ext4' }) }, () => {
  for (const state of ['beside the files', 'elsewhere'] as const) {
    it(`answers 403 read-only to writes and reads on, the state ${state}`, async (test) => {
      const stateDirectory = state === 'elsewhere' ? temporaryFolder(test) : null
      const { at, server } = await smallDisk(test, { type: 'ext4', sizeBytes: 24 * MIB }, { stateDirectory })
      const body = randomBytes(MIB)
      await upload(server, '/kept.bin', body)
      makeReadOnly(at)

      const refused = [
        await upload(server, '/new.bin', body),
        await upload(server, '/kept.bin', body),
        ...(await Promise.all(['MKCOL /folder', 'DELETE /kept.bin'].map((line) => refusalTo(server, line)))),
      ]
      const read = await ask(server, 'GET /kept.bin')

      for (const { status, condition } of refused) assert.deepEqual([status, condition], [403, 'x:read-only'])
      assert.deepEqual([read.status, sha256(read.bytes)], [200, sha256(body)])
    })
  }
})

/** Sends the first MiB, lets something happen, and sends the rest. */
async function* interrupted(body: Uint8Array, happens: () => void): AsyncGenerator<Uint8Array> {
  yield* inChunks(body.subarray(0, MIB))
  happens()
  yield* inChunks(body.subarray(MIB))
}

async function refusalTo(server: TestServer, line: string) {
  const { status, text } = await ask(server, line)
  return { status, ...refusalIn(text) }
}

function useUpInodes(at: string): void {
  if (statSync(at).dev === statSync(join(at, '..')).dev) throw new Error(`${at} is not a mount point`)
  for (let index = 0; index < 1000 && statfsSync(at).ffree > 0; index++)
    writeFileSync(join(at, `i${index}`), '')
}

/** A server on a subvolume of 8 MiB; the volume itself has far more. */
async function serverUnderQuota(test: TestContext, options = {}): Promise<TestServer> {
  const at = mountedVolume(test, 'btrfs', { sizeBytes: 128 * MIB })
  const folder = join(at, 'files')
  const btrfs = (...args: string[]) => execFileSync('btrfs', args, { stdio: 'pipe' })
  btrfs('quota', 'enable', at)
  btrfs('subvolume', 'create', folder)
  btrfs('qgroup', 'limit', '8M', folder)
  return await serverWith(test, { folder, durability: 'full', ...options })
}

/** Fills a subvolume up to its quota. Its volume is checked to be small by the one that mounted it. */
function useUpBytes(folder: string): void {
  fillUp(folder, 16 * MIB)
}

/**
 * What ext4 does after an error of the disk: no remount, which open files would forbid, but from one moment to
 * the next every write fails with EROFS.
 */
function makeReadOnly(at: string): void {
  execFileSync('mount', ['-o', 'remount,errors=remount-ro', at])
  const device = execFileSync('findmnt', ['-no', 'SOURCE', at], { encoding: 'utf8' }).trim()
  if (!basename(realpathSync(device)).startsWith('loop')) throw new Error(`${device} is no loop device`)
  writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'test')
}

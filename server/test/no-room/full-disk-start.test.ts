import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { StartError } from '../../src/core/start-error.ts'
import { ask } from '../support/ask.ts'
import { MIB, randomBytes, sha256 } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalIn } from '../support/refusal.ts'
import { whileServed } from '../support/served.ts'
import { serverWith } from '../support/server.ts'
import { cannotMake, type DiskKind, SMALL_DISKS } from '../support/small-disk.ts'
import { upload } from '../support/upload.ts'
import { fillUp, mountedVolume } from '../support/volume.ts'

const DISK = 'D:sufficient-disk-space'

for (const disk of SMALL_DISKS) {
  describe(`a start on a full ${disk.type}`, { skip: cannotMake(disk) }, () => {
    it('reads, lists, deletes and then has room, where a state is there already (STOR-12)', async (test) => {
      const { at, folder } = emptyDisk(test, disk)
      const body = randomBytes(6 * MIB)
      await whileServed(folder, (server) => upload(server, '/old.bin', body))
      fill(at, disk)

      const server = await serverWith(test, { folder, durability: 'full' })
      const refused = await upload(server, '/new.bin', randomBytes(4 * MIB))
      const read = await ask(server, 'GET /old.bin')
      const listed = await ask(server, 'PROPFIND /', { headers: { Depth: '1' } })
      const deleted = await ask(server, 'DELETE /old.bin')
      const stored = await upload(server, '/new.bin', randomBytes(2 * MIB))

      assert.deepEqual([refused.status, refused.condition], [507, DISK])
      assert.deepEqual([read.status, sha256(read.bytes)], [200, sha256(body)])
      assert.deepEqual([listed.status, deleted.status, stored.status], [207, 204, 201])
      assert.equal((await server.space()).usedBytes, 2 * MIB)
      assert.equal(server.countedBytes(), 2 * MIB)
      assert.deepEqual(server.strays(), [])
    })

    it('is refused with a sentence and a way out where no state is there yet', async (test) => {
      const { at, folder } = emptyDisk(test, disk)
      const filler = fillUp(at, disk.sizeBytes)

      const refusal = await serverWith(test, { folder }).catch((error: unknown) => error)
      rmSync(filler)
      const server = await serverWith(test, { folder })
      const stored = await upload(server, '/new.bin', randomBytes(MIB))

      assert.ok(refusal instanceof StartError, String(refusal))
      assert.match(refusal.message, /no room/)
      assert.match(refusal.hint, /[Ff]ree/)
      assert.equal(stored.status, 201)
    })
  })

  // On btrfs the state still finds room when its disk reports none.
  if (!disk.isExact) continue
  describe(`a state directory on a ${disk.type} of its own that is full`, { skip: cannotMake(disk) }, () => {
    it('refuses what grows, and reads and deletes (MX-34, MX-35)', async (test) => {
      const { at, folder: stateDirectory } = emptyDisk(test, disk)
      const server = await serverWith(test, { stateDirectory, durability: 'full' })
      const body = randomBytes(MIB)
      for (const path of ['/one.bin', '/two.bin']) await upload(server, path, body)
      fill(at, disk)

      const refused = await upload(server, '/new.bin', randomBytes(MIB), { expects100: true })
      const folder = await ask(server, 'MKCOL /folder')
      const read = await ask(server, 'GET /one.bin')
      const listed = await ask(server, 'PROPFIND /', { headers: { Depth: '1' } })
      const deleted = await ask(server, 'DELETE /one.bin')

      assert.deepEqual([refused.status, refused.condition, refused.sentBytes], [507, DISK, 0])
      assert.deepEqual([folder.status, refusalIn(folder.text).condition], [507, DISK])
      assert.deepEqual([read.status, listed.status, deleted.status], [200, 207, 204])
      assert.equal((await server.space()).usedBytes, MIB)
      assert.equal(server.countedBytes(), MIB)
      assert.deepEqual(server.strays(), [])
    })

    it('does the same after a start on it', async (test) => {
      const { at, folder: stateDirectory } = emptyDisk(test, disk)
      const folder = temporaryFolder(test)
      const put = (server: { host: string; port: number }) => upload(server, '/old.bin', randomBytes(MIB))
      await whileServed(folder, put, { stateDirectory })
      fill(at, disk)

      const server = await serverWith(test, { folder, stateDirectory })
      const refused = await upload(server, '/new.bin', randomBytes(1))
      const read = await ask(server, 'GET /old.bin')
      const deleted = await ask(server, 'DELETE /old.bin')

      assert.deepEqual([refused.status, refused.condition], [507, DISK])
      assert.deepEqual([read.status, deleted.status], [200, 204])
      assert.equal((await server.space()).usedBytes, 0)
    })
  })
}

function emptyDisk(test: TestContext, { type, sizeBytes }: DiskKind): { at: string; folder: string } {
  const at = mountedVolume(test, type, { sizeBytes })
  const folder = join(at, 'files')
  mkdirSync(folder)
  return { at, folder }
}

/** Lets another program use everything; on btrfs all but 2 MiB, because with less it cannot make a file at all. */
function fill(at: string, { isExact, sizeBytes }: DiskKind): void {
  const spare = join(at, 'spare')
  if (!isExact) writeFileSync(spare, randomBytes(2 * MIB), { flush: true })
  fillUp(at, sizeBytes)
  rmSync(spare, { force: true })
}

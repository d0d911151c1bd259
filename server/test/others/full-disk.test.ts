import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { MIB, randomBytes } from '../support/content.ts'
import { eventually } from '../support/eventually.ts'
import { serverWith } from '../support/server.ts'
import { cannotMake, SMALL_DISKS, smallDisk } from '../support/small-disk.ts'
import { upload } from '../support/upload.ts'

for (const disk of SMALL_DISKS) {
  describe(`a full ${disk.type} that other programs use too`, { skip: cannotMake(disk) }, () => {
    it('is served, and the counters follow what others remove from it (OTH-01, STOR-12)', async (test) => {
      const { server: before, fill } = await smallDisk(test, disk)
      for (const name of ['cut', 'gone']) await upload(before, `/${name}`, randomBytes(3 * MIB))
      await before.running.close()
      fill()

      const { folder } = before
      const server = await serverWith(test, { folder, durability: 'full', watch: 'auto' })
      const refused = await upload(server, '/new', randomBytes(2 * MIB))
      truncateSync(join(folder, 'cut'), MIB)
      rmSync(join(folder, 'gone'))
      // btrfs gives room back with its next transaction only.
      execFileSync('sync', ['-f', folder])
      const isSo = async (): Promise<boolean> => (await server.space()).usedBytes === MIB
      await eventually('the counters follow', isSo, { seconds: 90 })
      const stored = await upload(server, '/new', randomBytes(2 * MIB))

      assert.deepEqual([refused.status, stored.status], [507, 201])
    })
  })
}

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { folderStore } from '../../src/storage/folder/index.ts'
import { depsIn, putText } from '../fault/harness.ts'
import { MIB, randomBytes } from '../support/content.ts'
import { cannotMount, missingTool } from '../support/tools.ts'
import { mountedVolume } from '../support/volume.ts'

describe('on btrfs, which counts as free what is not on the disk yet', {
  skip: cannotMount() || missingTool('mkfs.btrfs'),
}, () => {
  it('two large uploads at once do not take what is kept free (STOR-05, STOR-09)', async (test) => {
    const mount = mountedVolume(test, 'btrfs', { sizeBytes: 256 * MIB })
    const base = depsIn(mount, { keepFreeBytes: 40 * MIB })
    test.after(() => base.close())
    const store = folderStore({ folder: mount, durability: 'full', nowMs: Date.now })
    test.after(() => store.close())
    const deps = { ...base, store }
    const nearly = Promise.withResolvers<void>()
    const refused = Promise.withResolvers<void>()
    async function* slowly() {
      for (let sent = 0; sent < 119; sent += 1) yield randomBytes(MIB)
      nearly.resolve()
      await refused.promise
      yield randomBytes(MIB)
    }

    const first = putText(deps, '/first', '', { declaredBytes: 120 * MIB, body: slowly() })
    await nearly.promise
    const second = putText(deps, '/second', '', { declaredBytes: 120 * MIB })
    await assert.rejects(second, { code: 'disk-full' })
    refused.resolve()
    await first

    execFileSync('sync', ['-f', mount])
    const { bavail, bsize } = statfsSync(mount)
    assert.ok(bavail * bsize >= 40 * MIB, `${bavail * bsize} bytes are free`)
  })
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { cannotMount } from '../../../test/support/tools.ts'
import { fillUp, mountedVolume } from '../../../test/support/volume.ts'
import { DavError } from '../../core/errors.ts'
import { resourcePath } from '../../core/path.ts'
import type { Tx } from '../../core/tx.ts'
import { folderStore } from './index.ts'

const MIB = 1024 * 1024
const TX = {} as Tx

describe('staging on a disk that is too small', { skip: cannotMount() }, () => {
  for (const [title, chunkBytes] of [
    ['in one chunk, which the system writes in part without a complaint', 8 * MIB],
    ['in many chunks', 64 * 1024],
  ] as const) {
    it(`ends with 'disk-full' and leaves nothing: 8 MiB on a volume of 1 MiB, ${title}`, async (test) => {
      const { store, folder } = onVolume(test, { sizeBytes: MIB })
      writeFileSync(join(folder, 'old'), 'old content')
      const before = store.freeSpace().freeBytes
      const staged = await store.stage(resourcePath(['old']), 'id')

      const refusal = await staged.append(chunks(8 * MIB, chunkBytes)).catch((error: unknown) => error)
      await staged.discard()

      assert.ok(refusal instanceof DavError)
      assert.deepEqual([refusal.code, refusal.details.shortage?.cause], ['disk-full', 'disk-bytes'])
      assert.deepEqual(readdirSync(join(folder, '.plimsoll', 'stage')), [])
      assert.equal(readFileSync(join(folder, 'old'), 'utf8'), 'old content')
      assert.equal(store.freeSpace().freeBytes, before)
    })
  }

  it('stores the last byte that fits', async (test) => {
    const { store, folder } = onVolume(test, { sizeBytes: MIB })
    const staged = await store.stage(resourcePath(['a']), 'id')
    const room = store.freeSpace().freeBytes

    const bytes = await staged.append(chunks(room, 10_000))
    await staged.commit(TX, resourcePath(['a']))

    assert.equal(bytes, room)
    assert.equal(statSync(join(folder, 'a')).size, room)
    assert.equal(store.freeSpace().freeBytes, 0)
  })

  it('goes on from where the disk was full once there is room again', async (test) => {
    const { store, folder } = onVolume(test, { sizeBytes: MIB })
    const filler = fillUp(folder, 2 * MIB)
    truncateSync(filler, MIB / 2)
    const staged = await store.stage(resourcePath(['a']), 'id')
    await assert.rejects(staged.append(chunks(MIB, 16 * 1024)), { code: 'disk-full' })
    rmSync(filler)

    const total = await staged.append(chunks(16 * 1024, 16 * 1024))
    await staged.commit(TX, resourcePath(['a']))

    assert.ok(total > 32 * 1024 && total % (16 * 1024) === 0, 'whole chunks only')
    assert.equal(statSync(join(folder, 'a')).size, total)
  })

  it('says that inodes ran out, and not bytes', async (test) => {
    const { store, folder } = onVolume(test, { sizeBytes: MIB, inodes: 20 })
    for (let index = 0; store.freeSpace().freeEntries !== 0; index += 1) {
      writeFileSync(join(folder, `${index}`), '')
    }

    for (const refused of [
      () => store.stage(resourcePath(['new']), 'id'),
      () => store.stageCollection(resourcePath(['new']), 'id'),
    ]) {
      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof DavError)
        assert.deepEqual([error.code, error.details.shortage?.cause], ['disk-full', 'inodes'])
        return true
      })
    }
  })

  it('commits and removes when there is no room at all', async (test) => {
    const { store, folder } = onVolume(test, { sizeBytes: MIB })
    const staged = await store.stage(resourcePath(['a']), 'id')
    await staged.append(chunks(100_000, 100_000))
    fillUp(folder, 2 * MIB)

    await staged.commit(TX, resourcePath(['a']))
    await store.remove(TX, resourcePath(['a']), 'removal')

    assert.ok(store.freeSpace().freeBytes >= 100_000)
  })

  it('refuses what lies on another file system before a byte is read, and leaves it alone', async (test) => {
    const { store, folder } = onVolume(test, { sizeBytes: MIB })
    mkdirSync(join(folder, 'mounted'))
    // Goes with the volume it is mounted in.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=65536', 'none', join(folder, 'mounted')])

    await assert.rejects(store.stage(resourcePath(['mounted', 'a']), 'id'), { code: 'forbidden' })
    await assert.rejects(store.stageCollection(resourcePath(['mounted', 'a']), 'id'), { code: 'forbidden' })
    await assert.rejects(store.remove(TX, resourcePath(['mounted']), 'id'), { code: 'forbidden' })

    assert.deepEqual(readdirSync(join(folder, '.plimsoll', 'stage')), [])
  })
})

describe('staging', () => {
  it('gives what it commits a time of its own, also when the clock stands still or goes back', async (test) => {
    let nowMs = 1_700_000_000_000
    const folder = temporaryFolder(test)
    const store = folderStore({ folder, durability: 'none', nowMs: () => nowMs })
    test.after(() => store.close())
    const times = new Set<bigint>()

    for (let turn = 0; turn < 50; turn += 1) {
      if (turn === 25) nowMs -= 3_600_000
      const staged = await store.stage(resourcePath(['a']), `${turn}`)
      await staged.append(chunks(1, 1))
      await staged.commit(TX, resourcePath(['a']))
      times.add(statSync(join(folder, 'a'), { bigint: true }).mtimeNs)
    }

    assert.equal(times.size, 50)
  })

  it('refuses a path that other programs could not open, before a byte is stored', async (test) => {
    const folder = temporaryFolder(test)
    const store = folderStore({ folder, durability: 'none', nowMs: Date.now })
    test.after(() => store.close())
    const names = Array.from({ length: 3072 / 128 - 1 }, () => 'd'.repeat(127))
    mkdirSync(join(folder, ...names), { recursive: true })
    const longest = await store.stageCollection(resourcePath([...names, 'd'.repeat(127)]), 'longest')
    const longer = resourcePath([...names, 'd'.repeat(128)])

    await assert.rejects(store.stage(longer, 'file'), { code: 'target-too-long' })
    await assert.rejects(store.stageCollection(longer, 'collection'), { code: 'target-too-long' })

    await longest.discard()
    assert.deepEqual(readdirSync(join(folder, '.plimsoll', 'stage')), [])
  })

  it('refuses an id that is in use', async (test) => {
    const store = folderStore({ folder: temporaryFolder(test), durability: 'none', nowMs: Date.now })
    test.after(() => store.close())
    const staged = await store.stage(resourcePath(['a']), 'same')

    await assert.rejects(store.stage(resourcePath(['b']), 'same'), { code: 'already-exists' })
    await assert.rejects(store.stageCollection(resourcePath(['b']), 'same'), { code: 'already-exists' })

    await staged.discard()
  })
})

function onVolume(test: TestContext, options: { sizeBytes: number; inodes?: number }) {
  const folder = mountedVolume(test, 'tmpfs', options)
  const store = folderStore({ folder, durability: 'full', nowMs: Date.now })
  test.after(() => store.close())
  return { store, folder }
}

async function* chunks(bytes: number, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= chunkBytes)
    yield new Uint8Array(Math.min(left, chunkBytes)).fill(7)
}

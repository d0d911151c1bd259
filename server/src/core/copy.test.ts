import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  at,
  copy,
  depsIn,
  limit,
  mkcol,
  move,
  putText,
  requireSettled,
  sceneOf,
  UNCONDITIONAL,
  visible,
} from '../../test/fault/harness.ts'
import { MIB } from '../../test/support/content.ts'
import { mountedVolume } from '../../test/support/volume.ts'
import { copyTree } from './copy.ts'
import type { Deps } from './deps.ts'
import { currentDiskRoom } from './disk-room.ts'
import { DavError } from './errors.ts'
import { moveTree } from './move.ts'
import type { StagedCopy } from './store.ts'

describe('copying a file', () => {
  it('that the file system calls too large is forbidden, because no content came with the request', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'x')
    const stageCopy = async (...values: Parameters<typeof deps.store.stageCopy>) => {
      const staged = await deps.store.stageCopy(...values)
      const copyFile = async () => {
        throw new DavError('file-too-large', 'a fault of the test')
      }
      return Object.create(staged, { copyFile: { value: copyFile } }) as StagedCopy
    }

    const copying = copyTree(
      { ...deps, store: { ...deps.store, stageCopy } },
      { from: at('/a'), to: at('/b'), depth: 'infinity', overwrite: false, guard: UNCONDITIONAL },
    )

    await assert.rejects(copying, { code: 'copy-too-large' })
    await requireSettled(deps, folder)
  })
})

describe('copying a file that is replaced in the middle', () => {
  it('takes content and properties of the same thing (CM-14)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'old')
    await putText(deps, '/other', 'new content')
    let replaced = false
    const stageCopy = async (...values: Parameters<typeof deps.store.stageCopy>) => {
      const staged = await deps.store.stageCopy(...values)
      const copyFile = async (...args: Parameters<StagedCopy['copyFile']>) => {
        const bytes = await staged.copyFile(...args)
        const move = { from: at('/other'), to: at('/a'), overwrite: true, guard: UNCONDITIONAL }
        if (!replaced) await moveTree(deps, move)
        replaced = true
        return bytes
      }
      return Object.create(staged, { copyFile: { value: copyFile } }) as StagedCopy
    }

    await copyTree(
      { ...deps, store: { ...deps.store, stageCopy } },
      { from: at('/a'), to: at('/b'), depth: 'infinity', overwrite: false, guard: UNCONDITIONAL },
    )

    assert.deepEqual(await visible(deps, folder), [
      '/a new content (text/x-11)',
      '/b new content (text/x-11)',
    ])
    await requireSettled(deps, folder)
  })
})

describe('copying a large file', () => {
  it('holds no more room than the file needs, while it is copied too (STOR-05)', async (test) => {
    const mount = mountedVolume(test, 'tmpfs', { sizeBytes: 64 * MIB })
    const deps = depsIn(mount)
    test.after(() => deps.close())
    await putText(deps, '/a', 'x'.repeat(20 * MIB))
    const room = async () => (await currentDiskRoom(deps)).bytes
    let whileCopied = 0
    // The file is there by then, and nobody has been told.
    const looking = beforeEachFile(
      deps,
      async () => {},
      async () => {
        whileCopied = await room()
      },
    )

    await copy(looking, '/a', '/b')

    const afterwards = await room()
    assert.ok(afterwards - whileCopied < MIB, `${afterwards - whileCopied} bytes were held twice`)
  })
})

describe('copying a file that is replaced before it is opened', () => {
  it('takes no more than may be there, whatever the last replacement has (STOR-05)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await mkcol(deps, '/box')
    await limit(deps, '/box', { limitFileBytes: 100 })
    await putText(deps, '/a', 'small')
    const sizes = [10, 1000]
    const replacing = beforeEachFile(deps, async () => {
      const size = sizes.shift()
      if (size !== undefined) await putText(deps, '/a', 'x'.repeat(size))
    })

    const copying = copy(replacing, '/a', '/box/a')

    await assert.rejects(copying, { code: 'copy-too-large' })
    assert.equal(await deps.store.stat(at('/box/a')), null)
    await requireSettled(deps, folder)
  })

  it('comes to an end, however often other requests replace it (CM-14)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'old')
    const writes: Promise<void>[] = []
    let bytes = 10
    const replacing = beforeEachFile(deps, async () => {
      bytes += 10
      const write = putText(deps, '/a', 'x'.repeat(bytes))
      writes.push(write)
      // The third one has to wait for the copy.
      if (writes.length < 3) await write
    })

    await copy(replacing, '/a', '/b')

    await Promise.all(writes)
    assert.equal((await deps.store.stat(at('/b')))?.bytes, 30)
    await requireSettled(deps, folder)
  })

  it('is given up where another program makes it longer at every try (STOR-05)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'small')
    let bytes = 10
    const replacing = beforeEachFile(deps, async () => {
      bytes += 10
      writeFileSync(join(folder, 'a'), 'x'.repeat(bytes))
    })

    await assert.rejects(copy(replacing, '/a', '/b'), { code: 'io-error' })

    assert.equal(await deps.store.stat(at('/b')), null)
  })

  it('claims what it has grown by, so that what is kept free stays free (STOR-05, STOR-09)', async (test) => {
    const mount = mountedVolume(test, 'tmpfs', { sizeBytes: 16 * MIB })
    const deps = depsIn(mount, { keepFreeBytes: 6 * MIB })
    test.after(() => deps.close())
    await putText(deps, '/a', 'small')
    let replaced = false
    let leastBytes = Number.POSITIVE_INFINITY
    const replacing = beforeEachFile(
      deps,
      async () => {
        if (!replaced) await putText(deps, '/a', 'x'.repeat(6 * MIB))
        replaced = true
      },
      () => {
        leastBytes = Math.min(leastBytes, deps.store.freeSpace().freeBytes)
      },
    )

    await assert.rejects(copy(replacing, '/a', '/b'), { code: 'disk-full' })

    assert.ok(leastBytes >= 6 * MIB, `${leastBytes} bytes were free`)
    await requireSettled(deps, mount)
  })
})

describe('a folder that takes the place of what is around, while', () => {
  it('a file is uploaded, takes it no larger than it may be there (STOR-05)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await makeBoxBeside(deps)
    async function* body() {
      yield Buffer.from('x'.repeat(1000))
      await move(deps, '/box', '/x')
    }

    await assert.rejects(putText(deps, '/x/f', '', { body: body() }), { code: 'file-too-large' })

    assert.equal(await deps.store.stat(at('/x/f')), null)
    await requireSettled(deps, folder)
  })

  it('a tree is copied, takes none of its files larger than it may be there (STOR-05)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await makeBoxBeside(deps)
    await mkcol(deps, '/tree')
    await putText(deps, '/tree/f', 'x'.repeat(1000))
    const moving = beforeEachFile(deps, () => move(deps, '/box', '/x'))

    await assert.rejects(copy(moving, '/tree', '/x/tree'), { code: 'copy-too-large' })

    assert.equal(await deps.store.stat(at('/x/tree')), null)
    await requireSettled(deps, folder)
  })
})

describe('copying a tree', () => {
  it('over something is refused as a whole when a member finds no room any more, and what was there stays (MX-29, STOR-01)', async (test) => {
    const { deps, folder } = sceneOf(test)
    for (const path of ['/tree', '/old']) await mkcol(deps, path)
    for (const path of ['/tree/a', '/tree/b', '/old/kept']) await putText(deps, path, 'x')
    const before = await visible(deps, folder)
    const stageCopy = async (...values: Parameters<typeof deps.store.stageCopy>) => {
      const staged = await deps.store.stageCopy(...values)
      const copyFile = async (...args: Parameters<StagedCopy['copyFile']>) => {
        if (args[0] === at('/tree/b')) throw new DavError('disk-full', 'a fault of the test')
        return await staged.copyFile(...args)
      }
      return Object.create(staged, { copyFile: { value: copyFile } }) as StagedCopy
    }

    const copying = copyTree(
      { ...deps, store: { ...deps.store, stageCopy } },
      { from: at('/tree'), to: at('/old'), depth: 'infinity', overwrite: true, guard: UNCONDITIONAL },
    )

    await assert.rejects(copying, { code: 'disk-full' })
    assert.deepEqual(await visible(deps, folder), before)
    await requireSettled(deps, folder)
  })

  it('names a folder it may not look into, and takes everything else along (CM-17, CM-18)', async (test) => {
    const { deps, folder } = sceneOf(test)
    for (const path of ['/tree', '/tree/open', '/tree/shut']) await mkcol(deps, path)
    for (const path of ['/tree/open/a', '/tree/shut/b']) await putText(deps, path, 'x')
    const store = {
      ...deps.store,
      list: (path: Parameters<typeof deps.store.list>[0]) => {
        if (path === at('/tree/shut')) throw new DavError('forbidden', 'a fault of the test', { path })
        return deps.store.list(path)
      },
    }

    const { created, failures } = await copyTree(
      { ...deps, store },
      { from: at('/tree'), to: at('/copy'), depth: 'infinity', overwrite: false, guard: UNCONDITIONAL },
    )

    assert.equal(created, true)
    assert.deepEqual(
      failures.map(({ path, error }) => [path, error.code]),
      [['/copy/shut', 'forbidden']],
    )
    const copied = (await visible(deps, folder)).filter((line) => line.startsWith('/copy/'))
    assert.deepEqual(copied, ['/copy/open collection ()', '/copy/open/a x (text/x-1)'])
    await requireSettled(deps, folder)
  })
})

/** A folder that takes no file of more than 100 bytes, and one without a bound. */
async function makeBoxBeside(deps: Deps): Promise<void> {
  for (const path of ['/box', '/x']) await mkcol(deps, path)
  await limit(deps, '/box', { limitFileBytes: 100 })
}

/** The same, but something happens before a file is opened that is to be copied, and after it was. */
function beforeEachFile(
  deps: Deps,
  happens: () => Promise<void>,
  andAfter: () => void | Promise<void> = () => {},
): Deps {
  const stageCopy = async (...values: Parameters<typeof deps.store.stageCopy>) => {
    const staged = await deps.store.stageCopy(...values)
    const copyFile = async (...args: Parameters<StagedCopy['copyFile']>) => {
      await happens()
      return await staged.copyFile(...args).finally(andAfter)
    }
    return Object.create(staged, { copyFile: { value: copyFile } }) as StagedCopy
  }
  return { ...deps, store: { ...deps.store, stageCopy } }
}

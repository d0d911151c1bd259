import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  at,
  mkcol,
  putText,
  requireSettled,
  sceneOf,
  UNCONDITIONAL,
  visible,
} from '../../test/fault/harness.ts'
import { copyTree } from './copy.ts'
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

describe('copying a tree', () => {
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

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  at,
  depsIn,
  mkcol,
  putText,
  requireSettled,
  UNCONDITIONAL,
  visible,
} from '../../test/fault/harness.ts'
import { temporaryFolder } from '../../test/support/folder.ts'
import { copyTree } from './copy.ts'
import { DavError } from './errors.ts'

describe('copying a tree', () => {
  it('names a folder it may not look into, and takes everything else along (CM-17, CM-18)', async (test) => {
    const folder = temporaryFolder(test)
    const deps = depsIn(folder)
    test.after(() => deps.close())
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
    const copied = (await visible(deps, folder)).filter((line) => line.startsWith('/copy/open/a'))
    assert.deepEqual(copied, ['/copy/open/a x (text/x-1)'])
    await requireSettled(deps, folder)
  })
})

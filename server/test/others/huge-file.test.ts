import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { moveTree } from '../../src/core/move.ts'
import { recountAtStart, walkThrough } from '../../src/core/reconcile.ts'
import { MOST_BYTES } from '../../src/core/resource.ts'
import {
  at,
  depsIn,
  mkcol,
  putText,
  recover,
  removeAt,
  requireSettled,
  UNCONDITIONAL,
} from '../fault/harness.ts'
import { MIB } from '../support/content.ts'
import { cannotMount } from '../support/tools.ts'
import { mountedVolume } from '../support/volume.ts'

describe('files of another program that are longer than a counter can hold', { skip: cannotMount() }, () => {
  it('are charged as much as counters hold, and keep nobody from starting, storing, moving and deleting (QUOTA-17)', async (test) => {
    const folder = mountedVolume(test, 'tmpfs', { sizeBytes: 64 * MIB })
    const deps = depsIn(folder)
    test.after(() => deps.close())
    for (const path of ['/a', '/b']) await mkcol(deps, path)
    for (const name of ['a/one', 'a/two', 'b/three'])
      execFileSync('truncate', ['-s', '16P', join(folder, name)])

    await recover(deps)
    await walkThrough(recountAtStart(deps))
    const [space] = await deps.state.ledger.spaces()
    await putText(deps, '/file', 'content')
    for (const [from, to] of [
      ['/b/three', '/a/three'],
      ['/a', '/b/a'],
    ] as const)
      await moveTree(deps, { from: at(from), to: at(to), overwrite: false, guard: UNCONDITIONAL })
    await putText(deps, '/b/a/one', 'content')
    await removeAt(deps, '/b/a/two')
    await removeAt(deps, '/b')
    await walkThrough(recountAtStart(deps))

    assert.equal(space?.usedBytes, MOST_BYTES)
    await requireSettled(deps, folder)
  })
})

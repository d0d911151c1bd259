import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { mkcol, requireSettled, sceneOf, visible } from '../../test/fault/harness.ts'
import type { Deps } from './deps.ts'
import { keepLeases } from './recover.ts'

describe('MKCOL', () => {
  it('is not taken for abandoned when the clock is set while it runs (STOR-08)', async (test) => {
    const { deps, folder } = sceneOf(test)
    let looking: Promise<void> | null = null
    const stageCollection: Deps['store']['stageCollection'] = async (path, id) => {
      const staged = await deps.store.stageCollection(path, id)
      // What the server does after a step: every lease that nobody renews has ended.
      looking = keepLeases(deps, Number.MAX_SAFE_INTEGER)
      await setTimeout(50)
      return staged
    }

    await mkcol({ ...deps, store: { ...deps.store, stageCollection } }, '/c')
    await looking

    assert.deepEqual(await visible(deps, folder), ['/c collection ()'])
    await requireSettled(deps, folder)
  })
})

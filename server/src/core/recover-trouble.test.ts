import assert from 'node:assert/strict'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  at,
  mkcol,
  putText,
  recover,
  removeAt,
  requireSettled,
  sceneOf,
  UNCONDITIONAL,
  visible,
} from '../../test/fault/harness.ts'
import { lock, OPERATIONS, set } from '../../test/fault/scenes.ts'
import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { keepLeases, recoverAll } from './recover.ts'
import { remove } from './remove.ts'

describe('recovery in trouble', () => {
  it('goes on where one path cannot be looked at, and forgets nothing of that', async (test) => {
    const { deps, folder } = sceneOf(test)
    for (const path of ['/bad', '/good']) await mkcol(deps, path)
    for (const path of ['/bad/a', '/good/a']) await putText(deps, path, 'content')
    const before = await visible(deps, folder)

    await recoverAll(withStat(deps, '/bad/a'))

    assert.deepEqual(await visible(deps, folder), before)
    await requireSettled(deps, folder)
  })

  it('goes on where something staged cannot be removed', async (test) => {
    const { deps } = sceneOf(test)
    const discardStrays = async () => {
      throw new DavError('io-error', 'a fault of the test')
    }

    const recovered = await recoverAll({ ...deps, store: { ...deps.store, discardStrays } })

    assert.deepEqual(recovered, { claims: 0, strays: 0 })
  })

  it('keeps what a claim has put aside that could not be recovered yet', async (test) => {
    const { deps, folder } = sceneOf(test)
    const operation = OPERATIONS['MOVE of a tree over a tree']
    assert.ok(operation !== undefined)
    await operation.before(deps)
    const before = await visible(deps, folder)
    const recoverClaim = async () => {
      throw new DavError('io-error', 'a fault of the test')
    }
    const dying = {
      ...deps,
      store: { ...deps.store, recover: recoverClaim, detach: dyingHalfWay(deps, folder) },
    }
    await assert.rejects(operation.run(dying), { code: 'io-error' })

    await recoverAll(dying)
    await recoverAll(deps)

    assert.deepEqual(await visible(deps, folder), before)
    await requireSettled(deps, folder)
  })

  it('does not wait for the end of a lease where a commit is in doubt', async (test) => {
    const { deps, folder } = sceneOf(test)
    const settle = async () => {
      throw new DavError('io-error', 'a fault of the test')
    }
    const state = { ...deps.state, ledger: { ...deps.state.ledger, settle } }
    await putText({ ...deps, state }, '/a', 'content')

    await keepLeases(deps)

    assert.deepEqual(await visible(deps, folder), ['/a content (text/x-7)'])
    await requireSettled(deps, folder)
  })
})

describe('a removal in trouble', () => {
  it('is not carried out by a later recovery where its journal could not be taken back', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'precious')
    const fail = async () => {
      throw new DavError('io-error', 'a fault of the test')
    }
    const state = { ...deps.state, ledger: { ...deps.state.ledger, release: fail } }

    await assert.rejects(removeAt({ ...deps, state, store: { ...deps.store, remove: fail } }, '/a'))
    await recover(deps)

    assert.deepEqual(await visible(deps, folder), ['/a precious (text/x-8)'])
    await requireSettled(deps, folder)
  })

  it('gives back the properties and locks of members that are gone, where another one could not be removed (QUOTA-17)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await mkcol(deps, '/c')
    for (const path of ['/c/loose', '/c/stuck']) {
      await putText(deps, path, 'content')
      await set(deps, path, { color: 'red' })
    }
    await lock(deps, '/c/loose')
    const [held] = await deps.state.locks.all(Date.now())
    const conditions = [{ negated: false, token: held?.token ?? '' }]
    const guard = { ...UNCONDITIONAL, ifHeader: { lists: [{ resource: at('/c/loose'), conditions }] } }
    const half: Deps['store']['remove'] = async () => {
      rmSync(join(folder, 'c', 'loose'))
      throw new DavError('forbidden', 'a fault of the test')
    }

    const removed = remove({ ...deps, store: { ...deps.store, remove: half } }, { path: at('/c'), guard })

    await assert.rejects(removed, { code: 'forbidden' })
    assert.deepEqual(await visible(deps, folder), ['/c collection ()', '/c/stuck content (text/x-7,red)'])
    await requireSettled(deps, folder)
  })

  it('has succeeded when the bytes are gone, though it cannot be written down', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'content')
    const journalRemoval = async () => {
      throw new DavError('disk-full', 'a fault of the test')
    }
    const state = { ...deps.state, ledger: { ...deps.state.ledger, journalRemoval } }

    await removeAt({ ...deps, state }, '/a')

    assert.deepEqual(await visible(deps, folder), [])
  })
})

function withStat(deps: Deps, broken: string): Deps {
  const stat = async (path: Parameters<typeof deps.store.stat>[0]) => {
    if (path === at(broken)) throw new DavError('io-error', 'a fault of the test')
    return await deps.store.stat(path)
  }
  return { ...deps, store: { ...deps.store, stat } }
}

/** A move whose target has stepped aside when the disk dies. */
function dyingHalfWay(deps: Deps, folder: string): Deps['store']['detach'] {
  return async (path, id) => {
    const moving = await deps.store.detach(path, id)
    const commit = async (): Promise<never> => {
      renameSync(join(folder, 'e'), join(folder, '.plimsoll', 'trash', id))
      throw new DavError('io-error', 'a fault of the test')
    }
    return { ...moving, commit }
  }
}

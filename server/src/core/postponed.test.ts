import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  at,
  mkcol,
  putText,
  removeAt,
  requireSettled,
  sceneOf,
  UNCONDITIONAL,
  visible,
} from '../../test/fault/harness.ts'
import { copied, lock, moved, set } from '../../test/fault/scenes.ts'
import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { refreshLock } from './lock.ts'
import { ROOT } from './path.ts'
import { check, recount, walkThrough } from './reconcile.ts'
import { keepLeases } from './recover.ts'
import { remove } from './remove.ts'
import { changeLimits } from './spaces.ts'

// Pairs of operations, one of which is postponed: test/fault/postponed.test.ts.
describe('a settlement that was postponed', () => {
  it('is made up for once where requests below its collection come at the same moment (STOR-01)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await smallTree(deps)
    await copied(unsettling(deps), '/t', '/u')
    // As after a start that could not look at it either: it is not known what became of it.
    deps.unsettled.clear()
    let looks = 0
    const recover: Deps['store']['recover'] = async (claim) => {
      looks += 1
      await setTimeout(50)
      return await deps.store.recover(claim)
    }
    const counting = { ...deps, store: { ...deps.store, recover } }

    await Promise.all([
      putText(counting, '/u/x', 'new'),
      putText(counting, '/u/y', 'new'),
      set(counting, '/u/f', { shape: 'round' }),
    ])

    assert.equal(looks, 1)
    assert.deepEqual(
      (await visible(deps, folder)).filter((line) => line.startsWith('/u')),
      ['/u collection (red)', '/u/f content (text/x-7,round)', '/u/x new (text/x-3)', '/u/y new (text/x-3)'],
    )
    await requireSettled(deps, folder)
  })

  it('comes before the removal of a collection that held it, whoever asks for that (STOR-01)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await smallTree(deps)
    await mkcol(deps, '/u')
    await copied(unsettling(deps), '/t', '/u/t')
    await removeAt(unsettling(deps), '/u')

    await assert.rejects(set(deps, '/u/beside', { color: 'red' }), { code: 'not-found' })
    await keepLeases(deps)

    const there = await visible(deps, folder)
    assert.deepEqual(there, ['/t collection (red)', '/t/f content (text/x-7)'])
    await requireSettled(deps, folder)
  })

  it('is counted once, also where it is counted before there is room to settle it (QUOTA-17)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await smallTree(deps)
    await copied(unsettling(deps), '/t', '/u')

    await walkThrough(check(unsettling(deps), ROOT))
    await walkThrough(recount(unsettling(deps), ROOT))
    await keepLeases(deps)

    await requireSettled(deps, folder)
  })

  it('takes no limit away that was set after it (QUOTA-17)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await smallTree(deps)
    await mkcol(deps, '/u')
    await changeLimits(deps, at('/t'), { limitBytes: 1000 })
    await moved(unsettling(deps), '/t', '/u')

    await changeLimits(deps, at('/u'), { limitBytes: 2000 })
    await keepLeases(deps)

    const spaces = await deps.state.ledger.spaces()
    assert.deepEqual(
      spaces.map(({ path, limitBytes }) => [path, limitBytes]),
      [
        [ROOT, null],
        [at('/u'), 2000],
      ],
    )
    await requireSettled(deps, folder)
  })

  it('ends no lock that was refreshed after it', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'content')
    await lock(deps, '/a')
    const [held] = await deps.state.locks.all(Date.now())
    const token = held?.token ?? ''
    const guard = {
      ...UNCONDITIONAL,
      ifHeader: { lists: [{ resource: null, conditions: [{ negated: false, token }] }] },
    }
    await remove(unsettling(deps), { path: at('/a'), guard })

    const refreshed = refreshLock(deps, { path: at('/a'), guard, timeoutSeconds: 77 })

    await assert.rejects(refreshed, { code: 'lock-token-unknown' })
    await requireSettled(deps, folder)
  })

  it('refuses what comes after it with the word of the state, and lets go of it when there is room (STOR-01)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await mkcol(unsettling(deps), '/c')

    await assert.rejects(putText(unsettling(deps), '/c/a', 'content'), { code: 'disk-full' })
    await putText(unsettling(deps), '/beside', 'beside')
    await putText(deps, '/c/a', 'content')
    await keepLeases(deps)

    assert.deepEqual(await visible(deps, folder), [
      '/beside beside (text/x-6)',
      '/c collection ()',
      '/c/a content (text/x-7)',
    ])
    await requireSettled(deps, folder)
  })

  it('takes nothing for done that was undone and is done by another later (STOR-01)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'content')
    const release = refusing
    const unreleasing = { ...deps, state: { ...deps.state, ledger: { ...deps.state.ledger, release } } }
    const detach: Deps['store']['detach'] = async (...what) => ({
      ...(await deps.store.detach(...what)),
      commit: refusing,
    })
    await assert.rejects(moved({ ...unreleasing, store: { ...deps.store, detach } }, '/a', '/b'))

    await moved(unreleasing, '/a', '/b')
    await set(unreleasing, '/b', { color: 'red' })
    await keepLeases(deps)

    assert.deepEqual(await visible(deps, folder), ['/b content (text/x-7,red)'])
    await requireSettled(deps, folder)
  })
})

async function smallTree(deps: Deps): Promise<void> {
  await mkcol(deps, '/t')
  await putText(deps, '/t/f', 'content')
  await set(deps, '/t', { color: 'red' })
}

async function refusing(): Promise<never> {
  throw new DavError('disk-full', 'a fault of the test')
}

/** As when the state has room for everything but that. */
function unsettling(deps: Deps): Deps {
  return { ...deps, state: { ...deps.state, ledger: { ...deps.state.ledger, settle: refusing } } }
}

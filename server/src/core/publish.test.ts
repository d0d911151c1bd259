import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { limitRoot } from '../../test/conformance/state/harness.ts'
import {
  mkcol,
  putText,
  recover,
  removeAt,
  requireSettled,
  sceneOf,
  visible,
} from '../../test/fault/harness.ts'
import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { ROOT } from './path.ts'
import type { Committable } from './store.ts'

const FAILURE = { code: 'io-error' }

describe('publishing', () => {
  for (const [name, run, made] of [
    ['a file', (deps: Deps) => putText(deps, '/a', 'new'), ['/a new (text/x-3)']],
    ['a collection', (deps: Deps) => mkcol(deps, '/a'), ['/a collection ()']],
  ] as const) {
    it(`charges ${name} whose commit fails after its rename, and the error still flies`, async (test) => {
      const { deps, folder } = sceneOf(test)

      await assert.rejects(run(failingCommit(deps, 'after')), FAILURE)

      assert.deepEqual(await visible(deps, folder), made)
      await requireSettled(deps, folder)
    })

    it(`changes nothing when the commit of ${name} fails before its rename`, async (test) => {
      const { deps, folder } = sceneOf(test)

      await assert.rejects(run(failingCommit(deps, 'before')), FAILURE)

      assert.deepEqual(await visible(deps, folder), [])
      await requireSettled(deps, folder)
    })
  }

  it('keeps the old file, its type and its charge when the commit over it fails before its rename', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'old content')

    await assert.rejects(putText(failingCommit(deps, 'before'), '/a', 'new'), FAILURE)

    assert.deepEqual(await visible(deps, folder), ['/a old content (text/x-11)'])
    await requireSettled(deps, folder)
  })

  it('charges the difference when the commit over a file fails after its rename', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', 'old content')

    await assert.rejects(putText(failingCommit(deps, 'after'), '/a', 'new'), FAILURE)

    assert.deepEqual(await visible(deps, folder), ['/a new (text/x-3)'])
    await requireSettled(deps, folder)
  })

  it('succeeds when only the settlement fails, and holds the room until it is made up for', async (test) => {
    const { deps, folder } = sceneOf(test)
    await limitRoot(deps.state, 10)

    await putText(failingSettlement(deps), '/a', '12345678')
    const [root] = await deps.state.ledger.enclosing(ROOT)
    await assert.rejects(putText(deps, '/b', '123'), { code: 'quota-exceeded' })
    await recover(deps)

    assert.equal((root?.usedBytes ?? 0) + (root?.reservedBytes ?? 0), 8)
    assert.deepEqual(await visible(deps, folder), ['/a 12345678 (text/x-8)'])
    await requireSettled(deps, folder)
  })

  it('counts right when a file whose settlement was postponed is replaced before it is made up for', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(failingSettlement(deps), '/a', 'first')

    await putText(deps, '/a', 'second content')
    await recover(deps)

    await requireSettled(deps, folder)
  })

  it('counts right when a file whose settlement was postponed is removed before it is made up for', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/beside', 'beside')
    await putText(failingSettlement(deps), '/a', 'first')

    await removeAt(deps, '/a')
    await recover(deps)

    await requireSettled(deps, folder)
  })

  it('refuses when the file it replaces has shrunk meanwhile and the rest no longer fits (STOR-06)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await putText(deps, '/a', '1234567890')
    await limitRoot(deps.state, 12)
    const slow = Promise.withResolvers<void>()
    const body = (async function* () {
      yield Buffer.from('abcdefgh')
      await slow.promise
      yield Buffer.from('ij')
    })()

    const large = putText(deps, '/a', '', { body, declaredBytes: 10 })
    await putText(deps, '/a', '1')
    await putText(deps, '/b', '1234567890')
    slow.resolve()

    await assert.rejects(large, { code: 'quota-exceeded' })
    assert.deepEqual(await visible(deps, folder), ['/a 1 (text/x-1)', '/b 1234567890 (text/x-10)'])
    await requireSettled(deps, folder)
  })

  it('stages nothing when there is no room', async (test) => {
    const { deps, folder } = sceneOf(test)
    await limitRoot(deps.state, 2)

    await assert.rejects(putText(deps, '/a', '123', { declaredBytes: 3 }), { code: 'quota-exceeded' })

    assert.deepEqual(readdirSync(join(folder, '.plimsoll', 'stage')), [])
    await requireSettled(deps, folder)
  })
})

/** Every commit fails, as when a directory cannot be synced (after) or nothing be renamed into it (before). */
function failingCommit(deps: Deps, when: 'before' | 'after'): Deps {
  const { store } = deps
  const failing = <Made extends Committable>(staged: Made): Made => ({
    ...staged,
    async commit(tx, path) {
      if (when === 'after') await staged.commit(tx, path)
      throw new DavError('io-error', 'a fault of the test', { path })
    },
  })
  return {
    ...deps,
    store: {
      ...store,
      stage: async (path, id) => failing(await store.stage(path, id)),
      stageCollection: async (path, id) => failing(await store.stageCollection(path, id)),
    },
  }
}

/** Every settlement fails, as when the state has no room even for that. */
function failingSettlement(deps: Deps): Deps {
  const settle = async () => {
    throw new DavError('disk-full', 'a fault of the test')
  }
  return { ...deps, state: { ...deps.state, ledger: { ...deps.state.ledger, settle } } }
}

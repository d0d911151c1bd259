import assert from 'node:assert/strict'
import type { StateStore } from '../../../src/core/state.ts'
import {
  at,
  becoming,
  commit,
  granted,
  removal,
  removeTree,
  replacing,
  type StateCase,
  store,
  storeNew,
  want,
} from './harness.ts'

export function propertyCases(it: StateCase): void {
  it('remembers the content type, and forgets it when it is not given again', async (state) => {
    await storeNew(state, '/a', 1, 'text/x-first')
    const first = await typesOf(state, '/a')
    await store(state, overwriting('/a'), 'text/x-second')
    const second = await typesOf(state, '/a')
    await store(state, overwriting('/a'), null)
    const third = await typesOf(state, '/a')

    assert.deepEqual([first, second, third], [['text/x-first'], ['text/x-second'], [null]])
  })

  it('returns the stored properties of many paths at once, and nothing for the others', async (state) => {
    await storeNew(state, '/a', 1, 'text/x-a')
    await storeNew(state, '/b c%ü', 1, 'text/x-b')
    await storeNew(state, '/c', 1)

    const found = await state.properties.of([at('/a'), at('/b c%ü'), at('/c'), at('/d')])

    assert.deepEqual([...found.keys()].sort(), ['/a', '/b c%ü'])
    assert.deepEqual(
      found.get(at('/a'))?.map((property) => ({ ...property })),
      [{ ns: 'DAV:', local: 'getcontenttype', value: 'text/x-a' }],
    )
    assert.equal((await state.properties.of([])).size, 0)
  })

  it('drops the properties of a removed tree and no others: /ab stays when /a goes', async (state) => {
    const within = ['/a', '/a/b', '/a/b/c', '/a/ÿ', '/a/-']
    const beside = ['/ab', '/a0', '/a-', '/a.b', '/A', '/b/a', '/a b']
    for (const path of [...within, ...beside]) await storeNew(state, path, 1, 'text/x-kept')

    await removeTree(state, removal('r', '/a', 0))

    assert.deepEqual(
      await typesOf(state, ...within),
      within.map(() => null),
    )
    assert.deepEqual(
      await typesOf(state, ...beside),
      beside.map(() => 'text/x-kept'),
    )
  })

  it('gives a new resource none of the properties of what was there before', async (state) => {
    await storeNew(state, '/a', 1, 'text/x-old')
    await storeNew(state, '/a/b', 1, 'text/x-old')

    await granted(state, want('m', '/a', 0, { kind: 'mkcol' }))
    await commit(state, 'm', '/a', becoming(0))

    assert.deepEqual(await typesOf(state, '/a', '/a/b'), [null, null])
  })

  it('changes no property before the settlement, and none when a claim is released', async (state) => {
    await storeNew(state, '/a', 1, 'text/x-old')
    await granted(state, want('new', '/a', 1, { ...replacing(1) }))

    await state.exclusive([at('/a')], (tx) =>
      state.ledger.intend(tx, 'new', becoming(1, { ...replacing(1), contentType: 'text/x-new' })),
    )
    const intended = await typesOf(state, '/a')
    await state.ledger.release('new')

    assert.deepEqual([intended, await typesOf(state, '/a')], [['text/x-old'], ['text/x-old']])
  })
}

function overwriting(path: string) {
  return { path: at(path), bytes: 1, ...replacing(1) }
}

async function typesOf(state: StateStore, ...paths: readonly string[]): Promise<(string | null)[]> {
  const found = await state.properties.of(paths.map(at))
  return paths.map(
    (path) => found.get(at(path))?.find(({ local }) => local === 'getcontenttype')?.value ?? null,
  )
}

import assert from 'node:assert/strict'
import { type Intent, NO_CHARGE, NO_LIMITS, type SpaceLimits } from '../../../src/core/ledger.ts'
import type { StateStore } from '../../../src/core/state.ts'
import {
  at,
  becoming,
  commit,
  counters,
  EMPTY,
  granted,
  limitRoot,
  makeCollection,
  numbersOf,
  refused,
  removal,
  removeTree,
  type StateCase,
  storeNew,
  want,
} from './harness.ts'

/** Spaces that come and go while things lie in them, move, and are being written. */
export function nestedCases(it: StateCase): void {
  it('counts what lies in a collection already when it becomes a space (QUOTA-17)', async (state) => {
    for (const path of ['/a', '/a/b', '/ab']) await makeCollection(state, path)
    for (const path of ['/a/1', '/a/b/2', '/ab/3', '/4']) await storeNew(state, path, 10)

    await setSpace(state, '/a', {})

    assert.deepEqual(await counters(state, '/a'), { ...EMPTY, used: 20, entries: 3 })
  })

  it('charges what is being written in a collection when it becomes a space, and judges it (STOR-05)', async (state) => {
    await makeCollection(state, '/a')
    await granted(state, want('w', '/a/1', 70))

    await setSpace(state, '/a', { limitBytes: 100 })

    assert.deepEqual(await counters(state, '/a'), { ...EMPTY, reserved: 70, reservedEntries: 1 })
    assert.equal((await refused(state, want('x', '/a/2', 31))).available, 30)
    await commit(state, 'w', '/a/1', becoming(70))
    assert.deepEqual(await counters(state, '/a'), { ...EMPTY, used: 70, entries: 1 })
    assert.deepEqual(await counters(state), { ...EMPTY, used: 70, entries: 2 })
  })

  it('gives a claim back where it was made, also when the space has moved meanwhile', async (state) => {
    await makeCollection(state, '/a')
    await setSpace(state, '/a', { limitBytes: 100 })
    await granted(state, want('w', '/a/1', 70))

    await move(state, '/a', '/b', 0)
    await state.ledger.release('w')

    assert.deepEqual(await counters(state, '/b'), EMPTY)
    assert.deepEqual(await limitAt(state, '/b'), 100)
    assert.deepEqual(await counters(state), { ...EMPTY, entries: 1 })
  })

  it('takes a space along with its folder, with what it holds and with what is inside it', async (state) => {
    for (const path of ['/a', '/a/in', '/to']) await makeCollection(state, path)
    for (const path of ['/a/1', '/a/in/2']) await storeNew(state, path, 10)
    await setSpace(state, '/a', { limitBytes: 100 })
    await setSpace(state, '/a/in', { limitBytes: 50 })
    await setSpace(state, '/to', { limitBytes: 1000 })

    await move(state, '/a', '/to/a', 20)

    const spaces = await state.ledger.spaces()
    assert.deepEqual(
      spaces.map(({ path, usedBytes, usedEntries, limitBytes }) => [
        path,
        usedBytes,
        usedEntries,
        limitBytes,
      ]),
      [
        ['/', 20, 5, null],
        ['/to', 20, 4, 1000],
        ['/to/a', 20, 3, 100],
        ['/to/a/in', 10, 1, 50],
      ],
    )
  })

  it('ends a space with its folder, and leaves a configured one to its path (D5)', async (state) => {
    for (const path of ['/a', '/a/in']) await makeCollection(state, path)
    await storeNew(state, '/a/in/1', 10)
    await setSpace(state, '/a', {})
    await state.ledger.configureSpaces([
      { path: at('/a/in'), kind: 'user', limits: { ...NO_LIMITS, limitBytes: 7 } },
    ])

    await removeTree(state, removal('r', '/a', 0))

    const spaces = await state.ledger.spaces()
    assert.deepEqual(
      spaces.map(({ path, usedBytes, usedEntries }) => [path, usedBytes, usedEntries]),
      [
        ['/', 0, 0],
        ['/a/in', 0, 0],
      ],
    )
  })

  it('judges an upload by the limits that are there when it commits (STOR-06)', async (state) => {
    await makeCollection(state, '/a')
    await granted(state, want('w', '/a/1', 70))
    await setSpace(state, '/a', { limitBytes: 50 })

    const refusal = await commit(state, 'w', '/a/1', becoming(70))
    assert.equal(refusal, null, 'what was promised before the limit is kept')

    assert.deepEqual(await counters(state, '/a'), { ...EMPTY, used: 70, entries: 1 })
    assert.equal((await refused(state, want('x', '/a/2', 1))).available, -20)
  })

  it('bounds the bytes of properties apart from those of files (QUOTA-09)', async (state) => {
    await makeCollection(state, '/a')
    await setSpace(state, '/a', { limitPropertyBytes: 30 })
    const patch = (bytes: number) =>
      state.exclusive([at('/a')], (tx) =>
        state.properties.patch(tx, at('/a'), {
          changes: [{ ns: 'urn:z', local: `p${bytes}`, value: 'v', chargedBytes: bytes }],
          mostBytes: 1000,
          diskRoom: () => ({ bytes: 1000, smallOnlyBytes: 0, entries: 10 }),
        }),
      )

    const fits = await patch(20)
    const tooMuch = await patch(11)

    assert.equal(fits, null)
    assert.ok(tooMuch !== null && tooMuch.refusal.refusedBy !== 'resource')
    const expected = { by: '/a', unit: 'properties', needed: 11, available: 10, inFlight: 0 }
    assert.deepEqual(numbersOf(tooMuch.refusal), expected)
    assert.equal(await granted(state, want('w', '/a/1', 500)), 500, 'files are not bounded by it')
  })

  it('replaces a tree by a copy, and the spaces inside the old one end', async (state) => {
    for (const path of ['/old', '/old/in']) await makeCollection(state, path)
    await storeNew(state, '/old/in/1', 10)
    await setSpace(state, '/old', { limitBytes: 100 })
    await setSpace(state, '/old/in', {})
    const replaces = { bytes: 10, entries: 3, propertyBytes: 0 }
    await granted(state, want('c', '/old', 25, { kind: 'copy', entries: 2, replaces }))
    await state.ledger.stageFolder('c', '', { bytes: 25, entries: 1 })

    await commit(state, 'c', '/old', becoming(25, { entries: 2, replaces }))

    assert.deepEqual(
      (await state.ledger.spaces()).map(({ path, usedBytes, usedEntries }) => [path, usedBytes, usedEntries]),
      [
        ['/', 25, 2],
        ['/old', 25, 1],
      ],
    )
    assert.equal(await state.ledger.record(at('/old/in')), null)
  })

  it('keeps nothing of a copy that is given up', async (state) => {
    await granted(state, want('c', '/new', 25, { kind: 'copy', entries: 2 }))
    await state.ledger.stageFolder('c', '', { bytes: 25, entries: 1 })

    await state.ledger.release('c')

    assert.deepEqual(await counters(state), EMPTY)
    await granted(state, want('c', '/new', 25, { kind: 'copy' }))
    await commit(state, 'c', '/new', becoming(25, replacingNothing()))
    assert.deepEqual(await counters(state), { ...EMPTY, used: 25, entries: 1 })
  })

  it('keeps configured spaces apart from others: those left out end, and the others stay', async (state) => {
    for (const path of ['/a', '/b', '/c']) await makeCollection(state, path)
    await setSpace(state, '/a', { limitBytes: 1 })
    const configured = (path: string) => ({ path: at(path), kind: 'collection' as const, limits: NO_LIMITS })

    await state.ledger.configureSpaces([configured('/b'), configured('/c')])
    await state.ledger.configureSpaces([configured('/c')])

    assert.deepEqual(
      (await state.ledger.spaces()).map(({ path, isConfigured }) => [path, isConfigured]),
      [
        ['/', false],
        ['/a', false],
        ['/c', true],
      ],
    )
  })

  it('only takes the limits from the root, whose counters go on', async (state) => {
    await limitRoot(state, 100)
    await storeNew(state, '/a', 10)

    const removed = await state.ledger.removeSpace(at('/'))
    const unknown = await state.ledger.removeSpace(at('/nothing'))

    assert.deepEqual([removed, unknown, await limitAt(state, '/')], [true, false, null])
    assert.deepEqual(await counters(state), { ...EMPTY, used: 10, entries: 1 })
  })

  it('counts on from what others did: folders that came without the one around them (OTH-02)', async (state) => {
    await state.ledger.correct({ path: at('/a/b'), bytes: 10, entries: 1 })
    await makeCollection(state, '/a')
    const counted = await state.ledger.spaces()

    await state.ledger.recountSpaces()

    assert.deepEqual(await state.ledger.spaces(), counted)
  })

  it('leaves nothing in a configured space whose folder others took away (OTH-01)', async (state) => {
    for (const path of ['/a', '/a/in']) await makeCollection(state, path)
    await storeNew(state, '/a/in/1', 10)
    await state.ledger.configureSpaces([{ path: at('/a/in'), kind: 'user', limits: NO_LIMITS }])

    const drift = await state.ledger.forgetFolder(at('/a'))

    const spaces = await state.ledger.spaces()
    assert.deepEqual(drift?.recorded, { bytes: 10, entries: 2 })
    assert.deepEqual(
      spaces.map(({ path, usedBytes }) => [path, usedBytes]),
      [
        ['/', 0],
        ['/a/in', 0],
      ],
    )
  })

  it('finds the same counters again by a count of its records', async (state) => {
    for (const path of ['/a', '/a/b']) await makeCollection(state, path)
    for (const path of ['/a/1', '/a/b/2']) await storeNew(state, path, 10)
    await setSpace(state, '/a', {})
    const before = await state.ledger.spaces()

    await state.ledger.recountSpaces()

    assert.deepEqual(await state.ledger.spaces(), before)
  })
}

function replacingNothing(): Partial<Intent> {
  return { replaces: NO_CHARGE }
}

async function setSpace(state: StateStore, path: string, limits: Partial<SpaceLimits>): Promise<void> {
  await state.ledger.setSpace({ path: at(path), kind: 'collection', limits: { ...NO_LIMITS, ...limits } })
}

async function limitAt(state: StateStore, path: string): Promise<number | null | undefined> {
  return (await state.ledger.enclosing(at(path)))[0]?.limitBytes
}

/** A tree of so many bytes in so many names, moved. */
async function move(state: StateStore, from: string, to: string, bytes: number): Promise<void> {
  const { entries } = await state.ledger.charged(at(from))
  await granted(state, {
    ...want('move', to, bytes, { kind: 'move', entries: entries + 1 }),
    sourcePath: at(from),
  })
  assert.equal(await commit(state, 'move', to, becoming(bytes, { entries: entries + 1 })), null)
}

import assert from 'node:assert/strict'
import {
  at,
  becoming,
  commit,
  counters,
  EMPTY,
  granted,
  limitRoot,
  numbersOf,
  overwrite,
  removal,
  removeTree,
  replacing,
  type StateCase,
  storeNew,
  want,
} from './harness.ts'

export function journalCases(it: StateCase): void {
  it('journals a claim from its beginning, with the identity once it is about to happen', async (state) => {
    await granted(state, want('a', '/dir/a', 5))
    const before = await state.ledger.journal('a')
    await state.exclusive([at('/dir/a')], (tx) => state.ledger.intend(tx, 'a', becoming(5)))
    const after = await state.ledger.journal('a')

    const { id, kind, path, identity } = before ?? {}
    assert.deepEqual([id, kind, path, identity], ['a', 'put', '/dir/a', null])
    assert.equal(after?.identity, 'identity')
    assert.equal(await state.ledger.journal('never made'), null)
  })

  it('journals a removal with its identity', async (state) => {
    await storeNew(state, '/a', 5)
    await state.exclusive([at('/a')], (tx) => state.ledger.journalRemoval(tx, removal('r', '/a', 5)))

    const { id, kind, path, identity } = (await state.ledger.journal('r')) ?? {}

    assert.deepEqual([id, kind, path, identity], ['r', 'remove', '/a', 'identity'])
    assert.deepEqual(await counters(state), { ...EMPTY, used: 5, entries: 1 }, 'nothing is free yet')
  })

  it('gives a claim back when the removal it journals did not happen', async (state) => {
    await storeNew(state, '/a', 5)
    await state.exclusive([at('/a')], (tx) => state.ledger.journalRemoval(tx, removal('r', '/a', 5)))

    await state.ledger.release('r')

    assert.equal(await state.ledger.journal('r'), null)
    assert.deepEqual(await counters(state), { ...EMPTY, used: 5, entries: 1 })
  })

  it('lists the claims whose lease has ended, unless it was renewed (STOR-08)', async (state) => {
    const expired = async (nowMs: number) => (await state.ledger.expired(nowMs)).map(({ id }) => id).sort()
    await granted(state, want('early', '/a', 1, { leaseUntilMs: 1000 }))
    await granted(state, want('late', '/b', 1, { leaseUntilMs: 2000 }))

    assert.deepEqual(await expired(999), [])
    assert.deepEqual(await expired(1001), ['early'])
    assert.deepEqual(await expired(Number.MAX_SAFE_INTEGER), ['early', 'late'])
    await state.ledger.renew('early', 3000)
    await state.ledger.renew('never made', 3000)
    assert.deepEqual(await expired(2001), ['late'])
  })

  it('settles with the size the content turned out to have', async (state) => {
    await granted(state, want('a', '/a', 100))

    const refusal = await commit(state, 'a', '/a', becoming(37))

    assert.equal(refusal, null)
    assert.deepEqual(await counters(state), { ...EMPTY, used: 37, entries: 1 })
    assert.equal((await state.ledger.claimedOnDisk()).bytes, 0)
    assert.equal(await state.ledger.journal('a'), null)
  })

  it('settles once: a second time and a release after it change nothing', async (state) => {
    await granted(state, want('a', '/a', 50))
    await commit(state, 'a', '/a', becoming(50))
    const settled = await counters(state)

    await state.exclusive([at('/a')], (tx) => state.ledger.settle(tx, 'a'))
    await state.ledger.release('a')

    assert.deepEqual(await counters(state), settled)
  })

  it('settles what was journaled, however the same intent is repeated', async (state) => {
    await granted(state, want('a', '/a', 50))

    await state.exclusive([at('/a')], async (tx) => {
      await state.ledger.intend(tx, 'a', becoming(50))
      await state.ledger.intend(tx, 'a', becoming(50))
      await state.ledger.settle(tx, 'a')
    })

    assert.deepEqual(await counters(state), { ...EMPTY, used: 50, entries: 1 })
  })

  it('refuses an intent when what it replaces has shrunk and the rest no longer fits (STOR-06)', async (state) => {
    await limitRoot(state, 100)
    await storeNew(state, '/a', 60)
    await granted(state, overwrite('big', '/a', 80, 60))
    await removeTree(state, removal('r', '/a', 60))
    await storeNew(state, '/b', 75)
    const before = await counters(state)

    const refusal = await commit(state, 'big', '/a', becoming(80))

    assert.ok(refusal !== null)
    assert.deepEqual(numbersOf(refusal), { by: '/', unit: 'bytes', needed: 80, available: 25, inFlight: 0 })
    assert.deepEqual(await counters(state), before, 'the claim is as it was')
    assert.equal((await state.ledger.journal('big'))?.identity, null)
    assert.equal((await state.ledger.claimedOnDisk()).bytes, 80)
  })

  it('charges the name when the file it was to replace has gone', async (_, withSpaces) => {
    const state = await withSpaces([
      { path: at('/u'), kind: 'collection', limitBytes: null, limitEntries: 1 },
    ])
    await storeNew(state, '/u/a', 10)
    await granted(state, overwrite('o', '/u/a', 10, 10))
    await removeTree(state, removal('r', '/u/a', 10))
    await granted(state, want('b', '/u/b', 0))

    const full = await commit(state, 'o', '/u/a', becoming(10))
    await state.ledger.release('b')
    const free = await commit(state, 'o', '/u/a', becoming(10))

    assert.deepEqual([full?.unit, full?.inFlight], ['entries', 1])
    assert.equal(free, null)
    assert.deepEqual(await counters(state, '/u'), { ...EMPTY, used: 10, entries: 1 })
  })

  it('needs less when what it replaces has grown meanwhile', async (state) => {
    await granted(state, want('a', '/a', 50))
    await storeNew(state, '/a', 30)

    await commit(state, 'a', '/a', becoming(50, { ...replacing(30) }))

    assert.deepEqual(await counters(state), { ...EMPTY, used: 50, entries: 1 })
  })

  it('writes what was counted in a folder and returns what stood there before (QUOTA-17)', async (state) => {
    await storeNew(state, '/d/a', 50)

    const found = await state.ledger.compare({ path: at('/d'), bytes: 44, entries: 3 })
    const before = await counters(state)
    const corrected = await state.ledger.correct({ path: at('/d'), bytes: 44, entries: 3 })
    const again = await state.ledger.correct({ path: at('/d'), bytes: 44, entries: 3 })

    assert.deepEqual({ ...found?.recorded }, { bytes: 50, entries: 1 })
    assert.deepEqual(before, { ...EMPTY, used: 50, entries: 1 }, 'a comparison changes nothing')
    assert.deepEqual([corrected?.counted, again], [{ bytes: 44, entries: 3 }, null])
    assert.deepEqual(await counters(state), { ...EMPTY, used: 44, entries: 3 })
  })

  it('drops what was recorded of a folder that is gone, and what was below it', async (state) => {
    for (const path of ['/d/a', '/d/e/b', '/de/c']) await storeNew(state, path, 50)

    const dropped = await state.ledger.forgetFolder(at('/d'))

    assert.deepEqual({ ...dropped?.recorded }, { bytes: 100, entries: 2 })
    assert.equal(await state.ledger.forgetFolder(at('/d')), null)
    assert.deepEqual(await counters(state), { ...EMPTY, used: 50, entries: 1 })
  })
}

import assert from 'node:assert/strict'
import {
  at,
  becoming,
  counters,
  EMPTY,
  granted,
  limitRoot,
  numbersOf,
  overwrite,
  type StateCase,
  storeNew,
  upTo,
  want,
} from './harness.ts'

export function growthCases(it: StateCase): void {
  it('grants the whole step while there is room (STOR-07)', async (state) => {
    await limitRoot(state, 100)
    await granted(state, want('a', '/a', 0))

    assert.deepEqual(await state.ledger.grow('a', upTo(1, 40)), { grantedBytes: 40 })
    assert.deepEqual(await state.ledger.grow('a', upTo(41, 80)), { grantedBytes: 80 })
    assert.equal((await counters(state)).reserved, 80)
  })

  it('takes what is left when a whole step no longer fits, to the last byte (STOR-07)', async (state) => {
    await limitRoot(state, 100)
    await storeNew(state, '/other', 30)
    await granted(state, want('a', '/a', 50))

    assert.deepEqual(await state.ledger.grow('a', upTo(51, 500)), { grantedBytes: 70 })
    assert.deepEqual(await state.ledger.grow('a', upTo(70, 500)), { grantedBytes: 70 })
    const refusal = await state.ledger.grow('a', upTo(71, 500))

    assert.ok('refusedBy' in refusal)
    assert.deepEqual(numbersOf(refusal), { by: '/', unit: 'bytes', needed: 71, available: 70, inFlight: 0 })
    assert.equal((await counters(state)).reserved, 70)
  })

  it('takes the smallest rest of all spaces and of the disk (STOR-07)', async (_, withSpaces) => {
    const state = await withSpaces([{ path: at('/u'), kind: 'user', limitBytes: 60, limitEntries: null }])
    await limitRoot(state, 100)
    const disk = (bytes: number) => () => ({ bytes, smallOnlyBytes: 0, entries: 9 })

    assert.equal(await granted(state, { ...want('a', '/u/a', 0), ...upTo(1, 90) }), 60)
    assert.equal(await granted(state, { ...want('b', '/b', 0), ...upTo(1, 90) }), 40)
    await state.ledger.release('b')
    assert.equal(await granted(state, { ...want('b', '/b', 0), ...upTo(1, 90, disk(25)) }), 25)
    assert.deepEqual(await state.ledger.grow('b', upTo(26, 90, disk(5))), { grantedBytes: 30 })
  })

  it('grows an overwrite by what it replaces and the rest together (STOR-06, STOR-07)', async (state) => {
    await storeNew(state, '/a', 60)
    await limitRoot(state, 100)
    await granted(state, overwrite('b', '/a', 0, 60))

    const answer = await state.ledger.grow('b', upTo(1, 500))

    assert.deepEqual(answer, { grantedBytes: 100 })
    assert.deepEqual(await counters(state), { used: 60, reserved: 40, entries: 1, reservedEntries: 0 })
  })

  it('grows an overwrite up to the old size above the limit (QUOTA-09)', async (state) => {
    await storeNew(state, '/a', 60)
    await limitRoot(state, 10)
    await granted(state, overwrite('b', '/a', 0, 60))

    assert.deepEqual(await state.ledger.grow('b', upTo(1, 500)), { grantedBytes: 60 })
    assert.ok('refusedBy' in (await state.ledger.grow('b', upTo(61, 500))))
    assert.deepEqual(await counters(state), { ...EMPTY, used: 60, entries: 1 })
  })

  it('leaves a claim as it was when the disk refuses its growth', async (state) => {
    await granted(state, want('a', '/a', 50))

    const refusal = await state.ledger.grow(
      'a',
      upTo(61, 100, () => ({ bytes: 10, smallOnlyBytes: 0, entries: 5 })),
    )

    assert.ok('refusedBy' in refusal)
    const expected = { by: 'disk', unit: 'bytes', needed: 61, available: 60, inFlight: 0 }
    assert.deepEqual(numbersOf(refusal), expected)
    assert.equal((await counters(state)).reserved, 50)
    assert.equal((await state.ledger.claimedOnDisk()).bytes, 50)
  })

  it('fails loudly when an ended claim is to grow or to be committed', async (state) => {
    await granted(state, want('a', '/a', 50))
    await state.ledger.release('a')

    await assert.rejects(state.ledger.grow('a', upTo(60, 60)))
    await assert.rejects(state.exclusive([at('/a')], (tx) => state.ledger.intend(tx, 'a', becoming(50))))
  })
}

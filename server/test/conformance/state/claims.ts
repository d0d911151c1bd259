import assert from 'node:assert/strict'
import { ROOT } from '../../../src/core/path.ts'
import type { Totals } from '../../../src/core/resource.ts'
import {
  at,
  becoming,
  commit,
  counters,
  EMPTY,
  granted,
  limitRoot,
  overwrite,
  PLENTY,
  refused,
  removal,
  removeTree,
  replacing,
  type StateCase,
  store,
  storeNew,
  want,
} from './harness.ts'

export function claimCases(it: StateCase): void {
  it('begins with one space at the root, without a limit and with nothing in it', async (state) => {
    const spaces = await state.ledger.enclosing(at('/a/b'))

    assert.deepEqual(
      spaces.map(({ path, kind, limitBytes, limitEntries, enforcedBytes }) => [
        path,
        kind,
        limitBytes,
        limitEntries,
        enforcedBytes,
      ]),
      [[ROOT, 'collection', null, null, null]],
    )
    assert.deepEqual(await counters(state), EMPTY)
  })

  it('promises the same bytes to one of two uploads, never to both (STOR-05)', async (state) => {
    await limitRoot(state, 100)

    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => state.ledger.claim(want(`${index}`, `/${index}`, 10))),
    )

    assert.equal(answers.filter((answer) => 'grantedBytes' in answer).length, 10)
    assert.deepEqual(await counters(state), { ...EMPTY, reserved: 100, reservedEntries: 10 })
  })

  it('counts a claim as reserved before and as used after its settlement (STOR-05)', async (state) => {
    await granted(state, want('a', '/a', 70))
    assert.deepEqual(await counters(state), { ...EMPTY, reserved: 70, reservedEntries: 1 })

    await commit(state, 'a', '/a', becoming(60))

    assert.deepEqual(await counters(state), { ...EMPTY, used: 60, entries: 1 })
  })

  it('gives everything back when a claim is released (STOR-08)', async (state) => {
    await granted(state, want('a', '/a', 70))

    await state.ledger.release('a')
    await state.ledger.release('a')

    assert.deepEqual(await counters(state), EMPTY)
    assert.equal((await state.ledger.claimedOnDisk()).bytes, 0)
  })

  it('charges an overwrite with the difference (STOR-06)', async (state) => {
    await storeNew(state, '/a', 60)
    await limitRoot(state, 100)

    await granted(state, overwrite('bigger', '/a', 100, 60))
    assert.deepEqual(await counters(state), { used: 60, reserved: 40, entries: 1, reservedEntries: 0 })
    await commit(state, 'bigger', '/a', becoming(100, { ...replacing(60) }))

    assert.deepEqual(await counters(state), { ...EMPTY, used: 100, entries: 1 })
  })

  it('lets equal or smaller content replace at no room left and above the limit (MX-11, QUOTA-09)', async (state) => {
    await storeNew(state, '/a', 60)
    await storeNew(state, '/b', 40)
    await limitRoot(state, 50)

    await store(state, { path: at('/a'), bytes: 60, ...replacing(60) })
    await store(state, { path: at('/a'), bytes: 20, ...replacing(60) })

    assert.deepEqual(await counters(state), { ...EMPTY, used: 60, entries: 2 })
  })

  it('lets an empty file be made while the bytes are used up (MX-13)', async (state) => {
    await storeNew(state, '/a', 60)
    await limitRoot(state, 50)

    await storeNew(state, '/empty', 0)

    assert.deepEqual(await counters(state), { ...EMPTY, used: 60, entries: 2 })
  })

  it('keeps the true figure when a limit is set below what is used (QUOTA-08)', async (state) => {
    await storeNew(state, '/a', 60)

    await limitRoot(state, 10)

    const [root] = await state.ledger.enclosing(ROOT)
    assert.deepEqual([root?.limitBytes, root?.usedBytes], [10, 60])
    assert.equal((await refused(state, want('b', '/b', 1))).available, -50)
  })

  it('never refuses a removal, above the limit too (STOR-12)', async (state) => {
    await storeNew(state, '/a', 60)
    await limitRoot(state, 10)

    await removeTree(state, removal('r', '/a', 60))

    assert.deepEqual(await counters(state), EMPTY)
  })

  it('never counts below zero when more goes than was charged', async (state) => {
    await storeNew(state, '/a', 60)

    await removeTree(state, removal('r', '/a', 100))

    assert.deepEqual(await counters(state), EMPTY)
  })

  it('lifts a limit again', async (state) => {
    await limitRoot(state, 10)
    await limitRoot(state, null)

    assert.equal(await granted(state, want('a', '/a', 2 ** 40)), 2 ** 40)
  })

  it('charges every space that contains the path and no other', async (_, withSpaces) => {
    const state = await withSpaces([
      { path: at('/u'), kind: 'user', limitBytes: null, limitEntries: null },
      { path: at('/u/p'), kind: 'collection', limitBytes: null, limitEntries: null },
      { path: at('/up'), kind: 'user', limitBytes: null, limitEntries: null },
    ])

    await storeNew(state, '/u/p/a', 5)
    await storeNew(state, '/u/a', 7)
    await storeNew(state, '/upper', 11)

    const spaces = await state.ledger.enclosing(at('/u/p/a'))
    assert.deepEqual(
      spaces.map(({ path, usedBytes, usedEntries }) => [path, usedBytes, usedEntries]),
      [
        ['/u/p', 5, 1],
        ['/u', 12, 2],
        ['/', 23, 3],
      ],
    )
    assert.deepEqual(await counters(state, '/up'), EMPTY)
  })

  it('asks for disk room with the sum of all other claims (STOR-06)', async (state) => {
    await granted(state, want('a', '/a', 100, { overheadBytes: 8 }))
    await granted(state, { ...overwrite('b', '/b', 50, 50), overheadBytes: 8 })
    await state.exclusive([at('/gone')], (tx) => state.ledger.journalRemoval(tx, removal('r', '/gone', 70)))
    const sums: Totals[] = []
    const diskRoom = (sum: Totals) => {
      sums.push(sum)
      return PLENTY
    }

    await granted(state, want('c', '/c', 10, { overheadBytes: 8, diskRoom }))
    await state.ledger.grow('c', { bytes: { atLeast: 20, upTo: 20 }, diskRoom })

    assert.deepEqual(
      sums,
      [
        { bytes: 166, entries: 2 },
        { bytes: 184, entries: 3 },
      ],
      'new claims are not in the sum yet, growing ones are',
    )
    assert.deepEqual(await state.ledger.claimedOnDisk(), { bytes: 194, entries: 3 })
  })

  it('judges the disk on the whole of an overwrite, not on the difference (STOR-06, MX-12)', async (state) => {
    const diskRoom = () => ({ bytes: 99, smallOnlyBytes: 0, entries: 10 })

    const refusal = await refused(state, { ...overwrite('a', '/a', 100, 100), diskRoom })

    assert.deepEqual([refusal.refusedBy, refusal.needed, refusal.available], ['disk', 100, 99])
  })
}

import assert from 'node:assert/strict'
import type { Space } from '../../../src/core/ledger.ts'
import {
  at,
  counters,
  EMPTY,
  granted,
  limitRoot,
  numbersOf,
  overwrite,
  refused,
  type StateCase,
  storeNew,
  want,
} from './harness.ts'

const FULL_DISK = () => ({ bytes: 0, smallOnlyBytes: 0, entries: 0 })

export function refusalCases(it: StateCase): void {
  it('says what was needed, what was left and what is in flight', async (state) => {
    await limitRoot(state, 100)
    await storeNew(state, '/a', 30)
    await granted(state, want('b', '/b', 50))

    const refusal = await refused(state, want('c', '/c', 21))

    assert.deepEqual(numbersOf(refusal), { by: '/', unit: 'bytes', needed: 21, available: 20, inFlight: 50 })
    const { usedBytes, limitBytes } = refusal.refusedBy as Space
    assert.deepEqual([usedBytes, limitBytes], [30, 100])
    assert.equal(await granted(state, want('d', '/d', 20)), 20)
  })

  it('needs the difference where content is replaced', async (state) => {
    await storeNew(state, '/a', 80)
    await limitRoot(state, 100)

    const refusal = await refused(state, overwrite('b', '/a', 101, 80))

    assert.deepEqual(numbersOf(refusal), { by: '/', unit: 'bytes', needed: 21, available: 20, inFlight: 0 })
  })

  it('leaves no trace of what it refused (STOR-01)', async (state) => {
    await limitRoot(state, 10)

    await refused(state, want('a', '/a', 11))

    assert.deepEqual(await counters(state), EMPTY)
    assert.equal((await state.ledger.claimedOnDisk()).bytes, 0)
    assert.equal(await state.ledger.journal('a'), null)
    assert.equal(await granted(state, want('a', '/a', 10)), 10, 'the id is free again')
  })

  it('counts names where names are limited', async (_, withSpaces) => {
    const state = await withSpaces([
      { path: at('/u'), kind: 'collection', limitBytes: null, limitEntries: 2 },
    ])
    await storeNew(state, '/u/a', 1)
    await granted(state, want('b', '/u/b', 1))

    const refusal = await refused(state, want('c', '/u/c', 1))

    const expected = { by: '/u', unit: 'entries', needed: 1, available: 0, inFlight: 1 }
    assert.deepEqual(numbersOf(refusal), expected)
    assert.equal(await granted(state, overwrite('d', '/u/a', 5, 1)), 5, 'an overwrite needs no name')
  })

  it('blames the disk where no quota stands in the way', async (state) => {
    await granted(state, want('a', '/a', 30, { overheadBytes: 8 }))

    const noBytes = want('b', '/b', 100, {
      overheadBytes: 8,
      diskRoom: () => ({ bytes: 107, smallOnlyBytes: 0, entries: 9 }),
    })
    const noInodes = want('b', '/b', 100, {
      overheadBytes: 8,
      diskRoom: () => ({ bytes: 108, smallOnlyBytes: 0, entries: 0 }),
    })

    assert.deepEqual(numbersOf(await refused(state, noBytes)), {
      by: 'disk',
      unit: 'bytes',
      needed: 100,
      available: 99,
      inFlight: 38,
    })
    const inodes = numbersOf(await refused(state, noInodes))
    assert.deepEqual([inodes.by, inodes.unit, inodes.needed, inodes.available], ['disk', 'entries', 1, 0])
  })

  it('needs an inode for an overwrite too: the new content is staged beside the old', async (state) => {
    const diskRoom = () => ({ bytes: 1000, smallOnlyBytes: 0, entries: 0 })

    const refusal = await refused(state, { ...overwrite('a', '/a', 1, 1), diskRoom })

    assert.deepEqual([refusal.refusedBy, refusal.unit], ['disk', 'entries'])
  })

  it('blames user quota, then inner to outer collections, then the disk, then inodes (STOR-11)', async (_, withSpaces) => {
    const state = await withSpaces([
      { path: at('/c'), kind: 'collection', limitBytes: 20, limitEntries: null },
      { path: at('/c/u'), kind: 'user', limitBytes: 10, limitEntries: null },
      { path: at('/c/u/d'), kind: 'collection', limitBytes: 15, limitEntries: 0 },
    ])
    await limitRoot(state, 30)
    const blamed = async (bytes: number, entries: number, diskRoom = FULL_DISK) => {
      const refusal = await refused(state, want('x', '/c/u/d/x', bytes, { entries, diskRoom }))
      return `${numbersOf(refusal).by} ${refusal.unit}`
    }

    assert.equal(await blamed(31, 1), '/c/u bytes', 'the user before everything')
    assert.equal(await blamed(5, 1), '/c/u/d entries', 'a collection before the disk')
    assert.equal(await blamed(5, 0), 'disk bytes', 'bytes of the disk before its inodes')
    assert.equal(await blamed(5, 0, () => ({ bytes: 5, smallOnlyBytes: 0, entries: 0 })), 'disk entries')
  })

  it('blames the inner of two full collections (STOR-11)', async (_, withSpaces) => {
    const state = await withSpaces([
      { path: at('/a'), kind: 'collection', limitBytes: 10, limitEntries: null },
      { path: at('/a/b'), kind: 'collection', limitBytes: 10, limitEntries: null },
    ])
    await limitRoot(state, 10)

    assert.equal(numbersOf(await refused(state, want('x', '/a/b/x', 11))).by, '/a/b')
    assert.equal(numbersOf(await refused(state, want('x', '/a/x', 11))).by, '/a')
    assert.equal(numbersOf(await refused(state, want('x', '/x', 11))).by, '/')
  })
}

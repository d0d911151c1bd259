import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { memberPath, ROOT } from './path.ts'
import { toldChanges } from './told-changes.ts'

const HOT = memberPath(ROOT, 'hot')
const COLD = memberPath(ROOT, 'cold')

describe('toldChanges', () => {
  it('gives a collection once for all that was told of it, with the names of members', () => {
    const told = toldChanges()
    for (const name of ['a', 'b', 'a', null]) told.add(HOT, name)

    assert.deepEqual(told.take(0), { path: HOT, names: ['a', 'b'] })
    assert.equal(told.take(0), null)
    assert.equal(told.dueInMs(0), null)
  })

  it('lets one that changes all the time wait until it has rested, and no other (OTH-05)', () => {
    const told = toldChanges()
    told.add(HOT, null)
    told.take(0)
    told.rest(HOT, 2000)
    told.add(HOT, null)
    told.add(COLD, null)

    assert.equal(told.take(1)?.path, COLD)
    assert.equal(told.take(1999), null)
    assert.equal(told.dueInMs(500), 1500)
    assert.equal(told.take(2000)?.path, HOT)
  })

  it('keeps what was told during a look for after the rest', () => {
    const told = toldChanges()
    told.add(HOT, null)
    told.take(0)
    told.add(HOT, 'late')
    told.rest(HOT, 100)

    assert.equal(told.take(99), null)
    assert.deepEqual(told.take(100), { path: HOT, names: ['late'] })
  })

  it('remembers no more names than it can use', () => {
    const told = toldChanges()
    for (let at = 0; at <= 10_000; at += 1) told.add(HOT, String(at))

    assert.deepEqual(told.take(0), { path: HOT, names: null })
  })
})

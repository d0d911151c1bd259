import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRecent } from './recent.ts'

describe('a memory of recent values', () => {
  it('keeps a value until it was not asked for long enough', () => {
    const recent = createRecent<string>({ maxEntries: 2, keepSeconds: 10 })
    recent.set('a', 'A', 0)

    assert.equal(recent.get('a', 9_999), 'A')
    assert.equal(recent.get('a', 19_998), 'A')
    assert.equal(recent.get('a', 29_998), undefined)
  })

  it('forgets the one unused for longest when it is full', () => {
    const recent = createRecent<string>({ maxEntries: 2, keepSeconds: 10 })
    recent.set('a', 'A', 0)
    recent.set('b', 'B', 1)
    recent.get('a', 2)

    recent.set('c', 'C', 3)

    assert.deepEqual([recent.get('a', 4), recent.get('b', 4), recent.get('c', 4)], ['A', undefined, 'C'])
  })
})

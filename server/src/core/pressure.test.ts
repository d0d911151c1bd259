import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mostForOne } from './pressure.ts'

const most = (bytes: number) => mostForOne({ bytes, smallOnlyBytes: 1600 })

describe('the most that one file may have of the room on the disk', () => {
  it('is all of it but the last, and of the last no more than a small file has (PRS-02)', () => {
    const all = [10_000, 1800, 1700, 1699, 1601, 800, 101, 100, 99, 1, 0].map(most)

    assert.deepEqual(all, [8400, 200, 100, 100, 100, 100, 100, 100, 99, 1, 0])
  })

  it('never grows when the room shrinks, is never more than the room, and nothing where there is none (PRS-02)', () => {
    for (let bytes = 1; bytes < 3000; bytes++) {
      assert.ok(most(bytes - 1) <= most(bytes) && most(bytes) <= bytes && most(bytes) > 0, String(bytes))
    }
    assert.ok(most(-1) < 0)
  })

  it('is all of the room where none is kept for small files (PRS-02)', () => {
    assert.deepEqual(
      [5, 0, -5].map((bytes) => mostForOne({ bytes, smallOnlyBytes: 0 })),
      [5, 0, -5],
    )
  })
})

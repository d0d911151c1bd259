import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { spaceWith } from '../../test/support/space.ts'
import type { Space } from './ledger.ts'
import { binding, diskStanding, spaceStanding } from './levels.ts'
import { DEFAULT_LIMITS, MIB } from './limits.ts'
import { memberPath, ROOT } from './path.ts'

function levelAt(more: Partial<Space>): string {
  return spaceStanding(spaceWith(more), DEFAULT_LIMITS).level
}

function diskAt(bytes: number, entries = 1): string {
  return diskStanding({ bytes: bytes + 8192, smallOnlyBytes: 0, entries }, { diskUnitBytes: MIB }).level
}

describe('the level of a space', () => {
  it('is near from 80 % of its limit on, critical from 95 %, and full at the limit, never before (LVL-01)', () => {
    const levels = [0, 79, 80, 94, 95, 99, 100, 150].map((usedBytes) =>
      levelAt({ limitBytes: 100, usedBytes }),
    )
    const huge = levelAt({ limitBytes: 2 ** 53 - 1, usedBytes: 2 ** 53 - 2 })

    assert.deepEqual(levels, ['normal', 'normal', 'near', 'near', 'critical', 'critical', 'full', 'full'])
    assert.equal(huge, 'critical')
  })

  it('counts what is promised like what is used (LVL-01)', () => {
    assert.equal(levelAt({ limitBytes: 100, usedBytes: 50, reservedBytes: 50 }), 'full')
    assert.equal(levelAt({ limitBytes: 100, usedBytes: 50, reservedBytes: 30 }), 'near')
  })

  it('is that of the bytes or that of the names, whichever is worse (LVL-01)', () => {
    const names = { limitEntries: 10, usedEntries: 7, reservedEntries: 1 }

    assert.equal(levelAt({ ...names, limitBytes: 100, usedBytes: 10 }), 'near')
    assert.equal(levelAt({ ...names, limitBytes: 100, usedBytes: 96 }), 'critical')
  })

  it('is at least near above a soft limit, as long as that is passed (LVL-01)', () => {
    const soft = { limitBytes: 100, softLimitBytes: 10, usedBytes: 20 }

    const levels = [null, 5].map((overSinceMs) => levelAt({ ...soft, overSinceMs }))
    const worse = levelAt({ ...soft, usedBytes: 96, overSinceMs: 5 })

    assert.deepEqual([...levels, worse], ['normal', 'near', 'critical'])
  })

  it('is full for a limit of nothing, and normal without a limit (LVL-01)', () => {
    assert.deepEqual([levelAt({ limitBytes: 0 }), levelAt({ usedBytes: 2 ** 50 })], ['full', 'normal'])
  })

  it('has fallen only some way below the threshold that it had passed (LVL-04)', () => {
    const falling = [100, 98, 97, 91, 90, 89, 76, 75, 74].map(
      (usedBytes) => spaceStanding(spaceWith({ limitBytes: 100, usedBytes }), DEFAULT_LIMITS).fallingLevel,
    )

    const expected = ['full', 'full', 'critical', 'critical', 'critical', 'near', 'near', 'near', 'normal']
    assert.deepEqual(falling, expected)
  })
})

describe('the level of the disk', () => {
  it('is told by the room above the reserve, in units of the default reserve (LVL-01)', () => {
    const levels = [5 * MIB, 4 * MIB, 4 * MIB - 1, MIB, MIB - 1, 1, 0, -MIB].map((bytes) => diskAt(bytes))

    assert.deepEqual(levels, ['normal', 'normal', 'near', 'near', 'critical', 'critical', 'full', 'full'])
  })

  it('is full where no file can be made any more (LVL-01)', () => {
    assert.equal(diskAt(100 * MIB, 0), 'full')
  })
})

describe('the space that stops a client first', () => {
  const inner = spaceWith({ path: memberPath(ROOT, 'team'), limitBytes: 100, usedBytes: 10 })
  const disk = diskStanding({ bytes: 100 * MIB, smallOnlyBytes: 0, entries: 9 }, { diskUnitBytes: MIB })
  const bound = (outer: Partial<Space>) => {
    const [one, two] = [inner, spaceWith(outer)].map((each) => spaceStanding(each, DEFAULT_LIMITS))
    assert.ok(one !== undefined && two !== undefined)
    return binding([one, two, disk]).path
  }

  it('is the one at the worst level, then the one with the least room (LVL-01)', () => {
    assert.equal(bound({ limitBytes: 1000, usedBytes: 900 }), ROOT)
    assert.equal(bound({ limitBytes: 1000, usedBytes: 100 }), inner.path)
    assert.equal(bound({ limitBytes: 50, usedBytes: 10 }), ROOT)
  })

  it('is the innermost of several that leave the same (LVL-01)', () => {
    assert.equal(bound({ limitBytes: 190, usedBytes: 100 }), inner.path)
  })
})

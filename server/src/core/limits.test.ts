import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_LIMITS, defaultKeepFreeBytes, GIB, KIB, MIB } from './limits.ts'

describe('defaultKeepFreeBytes', () => {
  const rows: readonly [title: string, totalBytes: number, keptBytes: number][] = [
    ['1 % of an ordinary volume', 50 * GIB, Math.floor((50 * GIB) / 100)],
    ['1 GiB of a volume of 100 GiB', 100 * GIB, GIB],
    ['no more than 1 GiB of the largest volume', 2 ** 50, GIB],
    ['1 MiB of a small volume, for the log of the state', 20 * MIB, MIB],
    ['a sixteenth of a tiny volume', 8 * MIB, MIB / 2],
    ['a sixteenth of 64 KiB', 64 * KIB, 4 * KIB],
    ['nothing of nothing', 0, 0],
  ]
  for (const [title, totalBytes, keptBytes] of rows) {
    it(`keeps ${title} (STOR-09)`, () => {
      assert.equal(defaultKeepFreeBytes(totalBytes), keptBytes)
    })
  }

  it('keeps whole bytes, at most a sixteenth and 1 GiB, and more of a larger volume (STOR-09)', () => {
    const sizes = fc.tuple(fc.nat(Number.MAX_SAFE_INTEGER), fc.nat(Number.MAX_SAFE_INTEGER))
    fc.assert(
      fc.property(sizes, ([one, other]) => {
        const kept = defaultKeepFreeBytes(one)
        assert.ok(Number.isInteger(kept) && kept >= 0 && kept <= GIB && kept <= one / 16)
        if (one <= other) assert.ok(kept <= defaultKeepFreeBytes(other))
      }),
    )
  })
})

describe('the default limits', () => {
  it('let one user have no more uploads than all users together', () => {
    assert.ok(DEFAULT_LIMITS.uploadsPerUser <= DEFAULT_LIMITS.uploads)
  })

  it('let a claim grow in steps that become no smaller', () => {
    assert.ok(DEFAULT_LIMITS.growthStepBytes <= DEFAULT_LIMITS.growthStepMaxBytes)
  })

  it('keep a lease longer than a body may stall', () => {
    assert.ok(DEFAULT_LIMITS.leaseSeconds > 2 * DEFAULT_LIMITS.bodyIdleSeconds)
  })
})

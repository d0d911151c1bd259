import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freeSpaceFrom } from './free-space.ts'
import { MIB } from './limits.ts'

const EXT4 = 0xef53
const BTRFS = 0x9123683e
const FIGURES = { type: EXT4, bsize: 4096, blocks: 4096, bavail: 1024, files: 100, ffree: 7 }

describe('the free space of a volume', () => {
  it('is what an unprivileged process may use', () => {
    assert.deepEqual(freeSpaceFrom(FIGURES), {
      freeBytes: 4 * MIB,
      totalBytes: 16 * MIB,
      freeEntries: 7,
      totalEntries: 100,
    })
  })

  it('leaves out what btrfs reports and gives to nobody, and is never negative', () => {
    const bytes = (bavail: number) => freeSpaceFrom({ ...FIGURES, type: BTRFS, bavail }).freeBytes

    assert.deepEqual([bytes(1024), bytes(768), bytes(408)], [MIB, 0, 0])
  })

  it('has no number of files where the file system has none', () => {
    const { freeEntries, totalEntries } = freeSpaceFrom({ ...FIGURES, files: 0, ffree: 0 })

    assert.deepEqual([freeEntries, totalEntries], [null, null])
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SINGLES } from '../prove/singles.ts'
import { failEach, systemFaults } from '../prove/system-faults.ts'

/** The first few of each, for every request; `npm run prove` goes on to the last. */
const EVERYWHERE = [
  { call: 'pwrite64', answer: 'EDQUOT', most: 3 },
  { call: 'pwrite64', answer: '0', most: 2 },
  { call: 'fdatasync', answer: 'EIO', most: 2 },
  { call: 'fsync', answer: 'EIO', most: 3 },
  { call: 'openat', answer: 'EMFILE', most: 3 },
  { call: 'rename', answer: 'ENOSPC', most: 2 },
] as const

/** What has once shown a defect. */
const REGRESSIONS = [
  { name: 'DELETE of a tree', call: 'rmdir', answer: 'EIO', most: 9 },
  { name: 'DELETE of a tree', call: 'unlink', answer: 'EIO', most: 9 },
  { name: 'COPY of a tree', call: 'getdents64', answer: 'EIO', most: 9 },
  { name: 'COPY of a file', call: 'openat', answer: 'EMFILE', most: 12 },
  { name: 'COPY of a tree over a tree', call: 'fsync', answer: 'EIO', most: 9 },
  { name: 'LOCK of an unmapped URL', call: 'statx', answer: 'EIO', most: 40 },
  { name: 'LOCK of an unmapped URL', call: 'fsync', answer: 'EIO', most: 9 },
] as const

describe('a system call that fails below a real server', { skip: systemFaults.skip }, () => {
  for (const single of SINGLES) {
    it(`leaves a ${single.name} done or not begun, as it was answered (STOR-01, STOR-04)`, async (test) => {
      const kinds = await failEach(test, single, EVERYWHERE)

      test.diagnostic(JSON.stringify(kinds))
      assert.ok(Object.keys(kinds).length > 2, 'hardly one of the calls was made')
    })
  }

  for (const { name, ...failing } of REGRESSIONS) {
    it(`leaves nothing half of a ${name} whatever ${failing.call} fails (STOR-01)`, async (test) => {
      const single = SINGLES.find((each) => each.name === name)
      assert.ok(single !== undefined)

      const kinds = await failEach(test, single, [failing])

      assert.notDeepEqual(kinds, {}, 'the call was not made')
    })
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError } from '../../core/errors.ts'
import { parseOverwrite } from './overwrite.ts'

describe('parseOverwrite', () => {
  const cases: [string | undefined, boolean][] = [
    [undefined, true],
    ['T', true],
    ['F', false],
    ['t', true],
    ['f', false],
    [' F ', false],
  ]
  for (const [value, overwrite] of cases) {
    it(`reads ${JSON.stringify(value) ?? 'a missing header'} as ${overwrite} (CM-03)`, () => {
      assert.equal(parseOverwrite(value), overwrite)
    })
  }

  for (const value of ['', 'true', 'false', 'yes', '0', 'T, F', 'TF']) {
    it(`refuses ${JSON.stringify(value)} (CM-03)`, () => {
      assert.throws(
        () => parseOverwrite(value),
        (error: unknown) => error instanceof DavError && error.code === 'bad-request',
      )
    })
  }
})

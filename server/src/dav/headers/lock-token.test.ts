import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError } from '../../core/errors.ts'
import { parseLockToken } from './lock-token.ts'

const TOKEN = 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'

describe('parseLockToken', () => {
  it('reads the URI between angle brackets (LCK-22)', () => {
    assert.equal(parseLockToken(`<${TOKEN}>`), TOKEN)
    assert.equal(parseLockToken(` <${TOKEN}>\t`), TOKEN)
    assert.equal(parseLockToken('<opaquelocktoken:a>'), 'opaquelocktoken:a')
  })

  it('tolerates missing angle brackets (IF-15, WIN-06)', () => {
    assert.equal(parseLockToken(TOKEN), TOKEN)
  })

  it('refuses a missing header (LCK-23)', () => {
    assert.throws(
      () => parseLockToken(undefined),
      (error: unknown) =>
        error instanceof DavError && error.code === 'bad-request' && error.message.includes('missing'),
    )
  })

  for (const value of [
    '',
    '<>',
    'a',
    '<a>',
    '<a:>',
    `<${TOKEN}`,
    `${TOKEN}>`,
    `<<${TOKEN}>>`,
    `(<${TOKEN}>)`,
    `<${TOKEN}> <${TOKEN}>`,
    `<${TOKEN}>, <${TOKEN}>`,
    '< urn:a >',
    '<urn:a b>',
    '<urn:\xe9>',
  ]) {
    it(`refuses ${JSON.stringify(value)} (LCK-23)`, () => {
      assert.throws(
        () => parseLockToken(value),
        (error: unknown) =>
          error instanceof DavError && error.code === 'bad-request' && error.message.includes('Lock-Token'),
      )
    })
  }
})

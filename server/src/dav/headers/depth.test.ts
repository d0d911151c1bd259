import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError } from '../../core/errors.ts'
import { type DepthRules, parseDepth } from './depth.ts'

const PROPFIND: DepthRules = { allow: ['0', '1', 'infinity'], absent: 'infinity' }
const COPY: DepthRules = { allow: ['0', 'infinity'], absent: 'infinity' }
const DELETE: DepthRules = { allow: ['infinity'], absent: 'infinity' }

function refuses(value: string, rules: DepthRules): void {
  assert.throws(
    () => parseDepth(value, rules),
    (error: unknown) => error instanceof DavError && error.code === 'bad-request',
    `Depth: ${value}`,
  )
}

describe('parseDepth', () => {
  it('reads 0, 1 and infinity in any case (PF-04)', () => {
    assert.equal(parseDepth('0', PROPFIND), '0')
    assert.equal(parseDepth('1', PROPFIND), '1')
    assert.equal(parseDepth('infinity', PROPFIND), 'infinity')
    assert.equal(parseDepth(' Infinity ', PROPFIND), 'infinity')
  })

  it('refuses every other value (PF-04)', () => {
    for (const value of ['', '2', '-1', '00', 'infinite', '0, 0', '1,noroot']) refuses(value, PROPFIND)
  })

  it('takes the meaning of a missing header from the method (CM-09)', () => {
    assert.equal(parseDepth(undefined, COPY), 'infinity')
    assert.equal(parseDepth(undefined, { allow: ['0', '1'], absent: '0' }), '0')
  })

  it('refuses Depth 1 on COPY (CM-09)', () => {
    refuses('1', COPY)
  })

  it('refuses everything but infinity on DELETE (DEL-02)', () => {
    refuses('0', DELETE)
    refuses('1', DELETE)
    assert.equal(parseDepth('infinity', DELETE), 'infinity')
  })
})

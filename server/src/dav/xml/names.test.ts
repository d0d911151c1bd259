import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DAV_NS, dav, EXT_NS, ext, nameKey, PROBLEM_BASE, sameName } from './names.ts'

describe('names', () => {
  it('keeps the colon of the DAV: namespace (RFC 4918 §14)', () => {
    assert.deepEqual(dav('prop'), { ns: 'DAV:', local: 'prop' })
    assert.equal(DAV_NS, 'DAV:')
  })

  it('puts our own elements into our own namespace, never into DAV: (RFC 4918 §21.1)', () => {
    assert.equal(ext('shortage').ns, EXT_NS)
    assert.equal(PROBLEM_BASE, 'urn:uuid:d50f96e6-7447-4bc9-bd71-c4ac6bb19aef#')
  })

  it('gives equal names one key and different names different keys (XML-15)', () => {
    const names = [
      dav('a'),
      { ns: '', local: 'a' },
      { ns: '', local: 'DAV:a' },
      { ns: 'DAV:a', local: '' },
      { ns: 'DAV', local: 'a' },
    ]

    assert.equal(nameKey(dav('a')), nameKey({ local: 'a', ns: 'DAV:' }))
    assert.equal(new Set(names.map(nameKey)).size, names.length)
  })

  it('compares both parts of a name (XML-15)', () => {
    assert.equal(sameName(dav('a'), { ns: 'DAV:', local: 'a' }), true)
    assert.equal(sameName(dav('a'), dav('A')), false)
    assert.equal(sameName(dav('a'), { ns: '', local: 'a' }), false)
  })
})

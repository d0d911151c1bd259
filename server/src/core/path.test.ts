import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DavError } from './errors.ts'
import {
  contains,
  isMemberName,
  isReserved,
  memberPath,
  nameOf,
  parentOf,
  RESERVED_NAME,
  ROOT,
  resourcePath,
  segmentsOf,
  selfAndAncestors,
} from './path.ts'

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(isMemberName)
const path = fc.array(name, { maxLength: 6 }).map(resourcePath)

describe('resourcePath', () => {
  it('takes names with spaces, percent signs and any letters (URI-04)', () => {
    assert.equal(
      resourcePath(['a b', '100%', 'ünï', '日本', '😀', '..a', 'a.', '~']),
      '/a b/100%/ünï/日本/😀/..a/a./~',
    )
    assert.equal(resourcePath([]), ROOT)
  })

  for (const segment of ['', '.', '..', 'a/b', '/', 'a\\b', '\\', 'a\0', '\n', 'a\tb', '\x1f', '\x7f']) {
    it(`refuses the segment ${JSON.stringify(segment)} (URI-10, URI-11)`, () => {
      assert.equal(isMemberName(segment), false)
      assert.throws(() => resourcePath(['a', segment, 'b']), { code: 'bad-request' })
    })
  }

  for (const segment of [RESERVED_NAME, '.PLIMSOLL', '.Plimsoll']) {
    it(`hides the name ${segment} of the server itself at every level`, () => {
      assert.equal(isMemberName(segment), false)
      for (const segments of [[segment], ['a', segment], [segment, 'a']]) {
        assert.throws(() => resourcePath(segments), { code: 'not-found' })
      }
    })
  }

  it('hides no name that only looks like its own', () => {
    for (const segment of [
      '.plimsoll2',
      'plimsoll',
      '.plimsol',
      'a.plimsoll',
      '.plımsoll',
      '.plim\u017foll',
    ]) {
      assert.equal(isReserved(segment), false, segment)
      assert.equal(resourcePath([segment]), `/${segment}`)
    }
  })

  it('shows a refused segment so that no control character reaches a log or terminal', () => {
    assert.throws(
      () => resourcePath(['\x1b[2J\n']),
      (error) => error instanceof DavError && error.message.includes('\\u001b[2J\\n'),
    )
  })

  it('never makes a path that could leave the root, whatever the segments are (URI-11)', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 4 }), { maxLength: 4 }), (segments) => {
        try {
          const made = resourcePath(segments)
          assert.deepEqual(made === ROOT ? [] : made.slice(1).split('/'), segments)
          assert.doesNotMatch(made, /\/\.{1,2}(\/|$)|\/\/|\\|\0/)
        } catch (error) {
          assert.ok(error instanceof DavError)
        }
      }),
    )
  })
})

describe('a path', () => {
  it('comes apart into the segments it was made of', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 6 }), (segments) => {
        assert.deepEqual(segmentsOf(resourcePath(segments)), segments)
      }),
    )
  })

  it('is the member of its parent under its name', () => {
    fc.assert(
      fc.property(path, name, (parent, member) => {
        const made = memberPath(parent, member)
        assert.equal(parentOf(made), parent)
        assert.equal(nameOf(made), member)
        assert.equal(memberPath(parentOf(made), nameOf(made)), made)
      }),
    )
    assert.equal(parentOf(ROOT), ROOT)
    assert.equal(nameOf(ROOT), '')
  })

  it('contains itself and what is below it, and nothing that only begins alike', () => {
    assert.ok(contains(resourcePath(['a']), resourcePath(['a', 'b'])))
    assert.ok(!contains(resourcePath(['a']), resourcePath(['ab'])))
    assert.ok(!contains(resourcePath(['a', 'b']), resourcePath(['a'])))
    fc.assert(
      fc.property(path, path, (one, other) => {
        const segments = segmentsOf(one)
        const expected = segments.every((segment, index) => segmentsOf(other)[index] === segment)
        assert.equal(contains(one, other), expected)
      }),
    )
  })

  it('is contained in exactly itself and its ancestors, innermost first', () => {
    fc.assert(
      fc.property(path, (one) => {
        const ancestors = selfAndAncestors(one)
        assert.equal(ancestors.length, segmentsOf(one).length + 1)
        assert.deepEqual([ancestors[0], ancestors.at(-1)], [one, ROOT])
        for (const [index, ancestor] of ancestors.entries()) {
          assert.ok(contains(ancestor, one))
          if (index > 0) assert.equal(parentOf(ancestors[index - 1] ?? ROOT), ancestor)
        }
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Conditions,
  entityTagOf,
  evaluateConditions,
  type Validators,
  type Verdict,
} from './preconditions.ts'

const NONE: Conditions = {
  ifMatch: null,
  ifNoneMatch: null,
  ifModifiedSinceMs: null,
  ifUnmodifiedSinceMs: null,
}
const MODIFIED_MS = 1_000_000_500
const SAME_SECOND_MS = 1_000_000_000
const FILE: Validators = { etag: '"a"', modifiedMs: MODIFIED_MS }
const WEAK_FILE: Validators = { etag: 'W/"a"', modifiedMs: MODIFIED_MS }
const COLLECTION: Validators = { etag: null, modifiedMs: null }
const MATCHING = [entityTagOf('"x"'), entityTagOf('"a"')]
const WEAKLY_MATCHING = [entityTagOf('W/"a"')]
const OTHER = [entityTagOf('"b"')]

type Row = [string, Partial<Conditions>, Validators | null, { read: Verdict; write: Verdict }]

const both = (verdict: Verdict) => ({ read: verdict, write: verdict })

const rows: Row[] = [
  ['no condition holds on anything', {}, FILE, both('proceed')],
  ['no condition holds on an unmapped URL', {}, null, both('proceed')],

  ['If-Match holds with an equal strong tag (HTTP-38)', { ifMatch: MATCHING }, FILE, both('proceed')],
  ['If-Match fails with another tag (HTTP-38)', { ifMatch: OTHER }, FILE, both('failed')],
  ['If-Match fails with a weak tag (HTTP-38)', { ifMatch: WEAKLY_MATCHING }, FILE, both('failed')],
  ['If-Match fails on a weakly tagged file (HTTP-38)', { ifMatch: MATCHING }, WEAK_FILE, both('failed')],
  ['If-Match: * holds on a file (HTTP-38)', { ifMatch: '*' }, FILE, both('proceed')],
  ['If-Match: * holds on a collection (HTTP-38)', { ifMatch: '*' }, COLLECTION, both('proceed')],
  ['If-Match: * fails when nothing is mapped (HTTP-38)', { ifMatch: '*' }, null, both('failed')],
  ['If-Match with a tag fails when nothing is mapped (HTTP-38)', { ifMatch: MATCHING }, null, both('failed')],
  ['If-Match with a tag fails on a collection (HTTP-38)', { ifMatch: MATCHING }, COLLECTION, both('failed')],

  ['If-None-Match: * holds when nothing is mapped (HTTP-39)', { ifNoneMatch: '*' }, null, both('proceed')],
  [
    'If-None-Match: * fails on a collection (HTTP-39)',
    { ifNoneMatch: '*' },
    COLLECTION,
    { read: 'not-modified', write: 'failed' },
  ],
  ['If-None-Match holds with another tag (HTTP-40)', { ifNoneMatch: OTHER }, FILE, both('proceed')],
  [
    'If-None-Match compares weakly (HTTP-40)',
    { ifNoneMatch: WEAKLY_MATCHING },
    FILE,
    { read: 'not-modified', write: 'failed' },
  ],
  [
    'If-None-Match finds an equal tag (HTTP-40)',
    { ifNoneMatch: MATCHING },
    FILE,
    { read: 'not-modified', write: 'failed' },
  ],

  [
    'If-Modified-Since knows our own date (HTTP-41)',
    { ifModifiedSinceMs: SAME_SECOND_MS },
    FILE,
    { read: 'not-modified', write: 'proceed' },
  ],
  [
    'If-Modified-Since holds for an older date (HTTP-41)',
    { ifModifiedSinceMs: SAME_SECOND_MS - 1000 },
    FILE,
    both('proceed'),
  ],
  [
    'If-Modified-Since is ignored without a date (HTTP-41)',
    { ifModifiedSinceMs: SAME_SECOND_MS },
    COLLECTION,
    both('proceed'),
  ],
  [
    'If-Modified-Since is ignored beside If-None-Match (HTTP-41)',
    { ifModifiedSinceMs: SAME_SECOND_MS, ifNoneMatch: OTHER },
    FILE,
    both('proceed'),
  ],

  [
    'If-Unmodified-Since holds for our own date (HTTP-42)',
    { ifUnmodifiedSinceMs: SAME_SECOND_MS },
    FILE,
    both('proceed'),
  ],
  [
    'If-Unmodified-Since fails for an older date (HTTP-42)',
    { ifUnmodifiedSinceMs: SAME_SECOND_MS - 1000 },
    FILE,
    both('failed'),
  ],
  [
    'If-Unmodified-Since is ignored without a date (HTTP-42)',
    { ifUnmodifiedSinceMs: 0 },
    COLLECTION,
    both('proceed'),
  ],
  [
    'If-Unmodified-Since is ignored when nothing is mapped (HTTP-42)',
    { ifUnmodifiedSinceMs: 0 },
    null,
    both('proceed'),
  ],
  [
    'If-Unmodified-Since is ignored beside If-Match (HTTP-42)',
    { ifUnmodifiedSinceMs: 0, ifMatch: MATCHING },
    FILE,
    both('proceed'),
  ],

  [
    'If-Match is judged before If-None-Match (HTTP-44)',
    { ifMatch: OTHER, ifNoneMatch: MATCHING },
    FILE,
    both('failed'),
  ],
  [
    'If-Unmodified-Since is judged before If-None-Match (HTTP-44)',
    { ifUnmodifiedSinceMs: 0, ifNoneMatch: MATCHING },
    FILE,
    both('failed'),
  ],
  [
    'If-None-Match is judged after a true If-Match (HTTP-44)',
    { ifMatch: MATCHING, ifNoneMatch: MATCHING },
    FILE,
    { read: 'not-modified', write: 'failed' },
  ],
]

describe('evaluateConditions', () => {
  for (const [title, conditions, current, expected] of rows) {
    it(title, () => {
      assert.equal(evaluateConditions({ ...NONE, ...conditions }, current, { reading: true }), expected.read)
      assert.equal(
        evaluateConditions({ ...NONE, ...conditions }, current, { reading: false }),
        expected.write,
      )
    })
  }
})

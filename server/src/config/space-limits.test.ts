import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NO_LIMITS } from '../core/ledger.ts'
import { parseSpace, showSpace } from './space-limits.ts'

describe('limits of a collection, as they are written', () => {
  it('are a path and any of the words', () => {
    const space = parseSpace(
      '/team: limit=10GiB, entries=1000,file-size=1MiB,properties=1KiB,soft-limit=8GiB,grace=7d',
    )

    assert.deepEqual(space, {
      path: '/team',
      kind: 'collection',
      limits: {
        limitBytes: 10 * 2 ** 30,
        limitEntries: 1000,
        limitFileBytes: 2 ** 20,
        limitPropertyBytes: 1024,
        softLimitBytes: 8 * 2 ** 30,
        graceSeconds: 604_800,
      },
    })
  })

  it('may stand on the root and on paths with colons, commas and equal signs', () => {
    const paths = ['/:limit=0', '/a:b,c=d/:limit=1', '//a//b:limit=none'].map((text) => parseSpace(text).path)

    assert.deepEqual(paths, ['/', '/a:b,c=d', '/a/b'])
    assert.deepEqual(parseSpace('/a:limit=none').limits, NO_LIMITS)
  })

  it('are shown as they are written', () => {
    assert.equal(
      showSpace(parseSpace('/a:grace=14d,soft-limit=1KiB,limit=2048')),
      '/a:limit=2 KiB,soft-limit=1 KiB,grace=14d',
    )
  })

  for (const [text, problem] of [
    ['/team', /is not PATH:LIMITS. Write for example/],
    ['team:limit=1', /does not begin with a slash: write the path that clients see, such as \/team\./],
    ['/team:limt=1', /there is no limit "limt". Did you mean limit\?/],
    ['/team:limit=-1', /limit: "-1" is negative/],
    ['/team:limit=9007199254740992', /limit: .* is too large/],
    ['/team:entries=1.5', /entries: "1.5" is not a whole number/],
    ['/team:grace=7d', /a grace without a soft limit means nothing/],
    ['/team:limit=1,soft-limit=2', /the soft limit is above the limit/],
    ['/team:limit=1,entries=2,limit=3', /limit is said twice/],
    ['/a/.Plimsoll:limit=1', /the name \.Plimsoll is the server's own/],
    ['/a/../b:limit=1', /not allowed/],
  ] as const) {
    it(`are refused as ${text}`, () => {
      assert.throws(() => parseSpace(text), problem)
    })
  }
})

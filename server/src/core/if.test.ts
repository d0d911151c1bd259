import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  evaluateIf,
  type IfCondition,
  type IfFacts,
  type IfHeader,
  type IfList,
  resourcesIn,
  submittedTokens,
} from './if.ts'
import { type ResourcePath, resourcePath } from './path.ts'
import { entityTagOf } from './preconditions.ts'

const A = resourcePath(['a'])
const B = resourcePath(['b'])

const FILE: IfFacts = { etag: '"1"', tokens: ['urn:uuid:1', 'urn:uuid:2'] }
const WEAK: IfFacts = { etag: 'W/"1"', tokens: [] }
const COLLECTION: IfFacts = { etag: null, tokens: [] }

/** `!` negates, `[` begins an entity tag; everything else is a token. */
function condition(text: string): IfCondition {
  const negated = text.startsWith('!')
  const plain = negated ? text.slice(1) : text
  return plain.startsWith('[')
    ? { negated, etag: entityTagOf(plain.slice(1, -1)) }
    : { negated, token: plain }
}

function list(conditions: string, resource: IfList['resource'] = null): IfList {
  return { resource, conditions: conditions.split(' ').map(condition) }
}

function header(...lists: IfList[]): IfHeader {
  return { lists }
}

describe('evaluateIf', () => {
  const single: [string, IfFacts | null, boolean, string][] = [
    ['urn:uuid:1', FILE, true, 'IF-05'],
    ['urn:uuid:2', FILE, true, 'IF-05'],
    ['urn:uuid:3', FILE, false, 'IF-05'],
    ['URN:UUID:1', FILE, false, 'IF-05'],
    ['["1"]', FILE, true, 'IF-09'],
    ['["2"]', FILE, false, 'IF-09'],
    ['[W/"1"]', FILE, false, 'IF-09'],
    ['["1"]', WEAK, false, 'IF-09'],
    ['[W/"1"]', WEAK, false, 'IF-09'],
    ['["1"]', COLLECTION, false, 'IF-09'],
    ['urn:uuid:1 ["1"]', FILE, true, 'IF-02'],
    ['urn:uuid:1 ["2"]', FILE, false, 'IF-02'],
    ['urn:uuid:3 ["1"]', FILE, false, 'IF-02'],
    ['!urn:uuid:3 urn:uuid:1', FILE, true, 'IF-03'],
    ['!urn:uuid:3 urn:uuid:4', FILE, false, 'IF-03'],
    ['urn:uuid:1 !["1"]', FILE, false, 'IF-03'],
    ['!DAV:no-lock', FILE, true, 'IF-04'],
    ['!DAV:no-lock', COLLECTION, true, 'IF-04'],
    ['!DAV:no-lock', null, true, 'IF-04'],
    ['DAV:no-lock', FILE, false, 'IF-04'],
    ['urn:uuid:1', null, false, 'IF-06'],
    ['["1"]', null, false, 'IF-06'],
    ['!urn:uuid:1 !["1"]', null, true, 'IF-06'],
    ['!urn:uuid:1 ["1"]', null, false, 'IF-06'],
  ]
  for (const [conditions, facts, holds, requirement] of single) {
    it(`finds (${conditions}) ${holds} for ${facts?.etag ?? (facts === null ? 'nothing' : 'a collection')} (${requirement})`, () => {
      assert.equal(
        evaluateIf(header(list(conditions)), () => facts),
        holds,
      )
    })
  }

  it('needs one list that holds, of whichever resource (IF-02)', () => {
    const factsOf = (resource: ResourcePath | null): IfFacts | null => (resource === B ? FILE : null)

    assert.equal(evaluateIf(header(list('urn:uuid:1'), list('["1"]', B)), factsOf), true)
    assert.equal(evaluateIf(header(list('["1"]', B), list('urn:uuid:1')), factsOf), true)
    assert.equal(evaluateIf(header(list('["1"]', A), list('urn:uuid:1')), factsOf), false)
  })

  it('judges each list by the facts of its own resource (IF-01)', () => {
    const factsOf = (resource: ResourcePath | null): IfFacts | null =>
      resource === null ? { etag: '"request"', tokens: [] } : { etag: `"${resource}"`, tokens: [] }

    assert.equal(evaluateIf(header(list('["request"]')), factsOf), true)
    assert.equal(evaluateIf(header(list('["/a"]', A)), factsOf), true)
    assert.equal(evaluateIf(header(list('["/a"]', B)), factsOf), false)
  })

  it('takes what is elsewhere for unmapped, without asking for its facts (IF-10)', () => {
    const factsOf = (): IfFacts => assert.fail('nothing is known about other hosts')

    assert.equal(evaluateIf(header(list('urn:uuid:1', 'elsewhere')), factsOf), false)
    assert.equal(evaluateIf(header(list('!urn:uuid:1', 'elsewhere')), factsOf), true)
  })

  const anyCondition = fc.oneof(
    fc.record({ negated: fc.boolean(), token: fc.constantFrom('urn:uuid:1', 'urn:uuid:2', 'urn:uuid:3') }),
    fc.record({ negated: fc.boolean(), etag: fc.constantFrom('"1"', '"2"', 'W/"1"').map(entityTagOf) }),
  )
  const anyList = fc.record({
    resource: fc.constantFrom<IfList['resource']>(null, A, 'elsewhere'),
    conditions: fc.array(anyCondition, { minLength: 1, maxLength: 4 }),
  })
  const anyFacts = fc.constantFrom(FILE, WEAK, COLLECTION, null)

  it('finds exactly one of a condition and its negation true (IF-03)', () => {
    fc.assert(
      fc.property(anyCondition, anyFacts, (one, facts) => {
        const opposite = { ...one, negated: !one.negated }
        const holds = (condition: IfCondition): boolean =>
          evaluateIf(header({ resource: null, conditions: [condition] }), () => facts)

        assert.notEqual(holds(one), holds(opposite))
      }),
    )
  })

  it('is or over lists and and over conditions (IF-02)', () => {
    fc.assert(
      fc.property(fc.array(anyList, { minLength: 1, maxLength: 4 }), anyFacts, (lists, facts) => {
        const alone = lists.map((list) =>
          list.conditions.map((condition) =>
            evaluateIf(header({ ...list, conditions: [condition] }), () => facts),
          ),
        )

        assert.equal(
          evaluateIf(header(...lists), () => facts),
          alone.some((conditions) => !conditions.includes(false)),
        )
      }),
    )
  })
})

describe('resourcesIn', () => {
  it('names each resource once, in order, and nothing elsewhere (IF-10)', () => {
    const lists = [list('t:1', B), list('t:1', 'elsewhere'), list('t:1', A), list('t:2', B)]

    assert.deepEqual(resourcesIn(header(...lists)), [B, A])
    assert.deepEqual(resourcesIn(header(list('t:1'), list('t:2'))), [null])
  })
})

describe('submittedTokens', () => {
  it('counts every token, wherever it stands (IF-07)', () => {
    const lists = [
      list('urn:uuid:1 ["1"] !urn:uuid:2', A),
      list('urn:uuid:3', 'elsewhere'),
      list('urn:uuid:1', B),
    ]

    assert.deepEqual([...submittedTokens(header(...lists))], ['urn:uuid:1', 'urn:uuid:2', 'urn:uuid:3'])
  })

  it('leaves DAV:no-lock out, negated or not (IF-04)', () => {
    assert.equal(submittedTokens(header(list('!DAV:no-lock'), list('DAV:no-lock'))).size, 0)
  })

  it('is empty without the header', () => {
    assert.equal(submittedTokens(null).size, 0)
  })
})

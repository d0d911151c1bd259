import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Charge, type Grant, NO_CHARGE, type Refusal } from '../../../src/core/ledger.ts'
import { contains, ROOT } from '../../../src/core/path.ts'
import type { StateStore } from '../../../src/core/state.ts'
import {
  at,
  becoming,
  commit,
  limitRoot,
  makeCollection,
  type NewSpace,
  removal,
  removeTree,
  replacing,
  type StateCase,
  upTo,
  want,
} from './harness.ts'

const RUNS = 150
const MOST_STEPS = 60

const PATHS = ['/f', '/c/f', '/c/u/f', '/c/u/g', '/c/u/d/f', '/c/u/d/g', '/c/u/d/h', '/cu/f']
const ROOT_LIMIT_BYTES = 100
const COLLECTIONS = ['/c', '/c/u', '/c/u/d', '/cu']
const SPACES: readonly NewSpace[] = [
  { path: ROOT, kind: 'collection', limitBytes: ROOT_LIMIT_BYTES, limitEntries: null },
  { path: at('/c'), kind: 'collection', limitBytes: 70, limitEntries: null },
  { path: at('/c/u'), kind: 'user', limitBytes: 50, limitEntries: 4 },
  { path: at('/c/u/d'), kind: 'collection', limitBytes: null, limitEntries: 2 },
]

export function modelCases(it: StateCase): void {
  it('keeps the counters of a model and passes no limit, whatever happens in whatever order (STOR-05)', async (_, withSpaces) => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { maxLength: MOST_STEPS }), async (steps) => {
        const state = await withSpaces(SPACES.slice(1))
        await limitRoot(state, ROOT_LIMIT_BYTES)
        for (const path of COLLECTIONS) await makeCollection(state, path)
        const model: Model = { files: new Map(), claims: new Map(), rootLimitBytes: ROOT_LIMIT_BYTES }
        for (const step of steps) await takeAndCompare(state, model, step)
      }),
      { numRuns: RUNS },
    )
  })
}

interface Step {
  readonly take: keyof typeof TAKE
  readonly id: string
  readonly path: string
  readonly least: number
  readonly more: number
}

const STEP: fc.Arbitrary<Step> = fc.record({
  take: fc.constantFrom(
    'claim',
    'claim',
    'grow',
    'commit',
    'commit',
    'release',
    'settleAgain',
    'remove',
    'limit',
  ),
  id: fc.constantFrom('1', '2', '3', '4', '5'),
  path: fc.constantFrom(...PATHS),
  least: fc.nat(60),
  more: fc.nat(60),
})

interface Claim {
  readonly path: string
  readonly bytes: number
  readonly replaces: Charge
}

/** The truth the counters stand for: which files there are and how long, and who was promised what. */
interface Model {
  readonly files: Map<string, number>
  readonly claims: Map<string, Claim>
  rootLimitBytes: number
}

const TAKE = { claim, grow, commit: commitClaim, release, settleAgain, remove, limit }

async function takeAndCompare(state: StateStore, model: Model, step: Step): Promise<void> {
  const before = SPACES.map((space) => numbersOf(model, space))
  await TAKE[step.take](state, model, step)
  const found = await state.ledger.enclosing(at('/c/u/d/f'))
  for (const [index, space] of SPACES.entries()) {
    const expected = numbersOf(model, space)
    const row = found.find(({ path }) => path === space.path)
    const { usedBytes, usedEntries, reservedBytes, reservedEntries } = row ?? {}
    assert.deepEqual({ usedBytes, usedEntries, reservedBytes, reservedEntries }, expected, space.path)
    requireNotPassed(model, space, expected, before[index] ?? expected)
  }
  const claimed = [...model.claims.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  assert.equal((await state.ledger.claimedOnDisk()).bytes, claimed)
}

async function claim(state: StateStore, model: Model, { id, path, least, more }: Step): Promise<void> {
  if (model.claims.has(id)) return
  const wanted = { path, bytes: least, ...inPlaceOf(model, path) }
  const expected = largest(model, null, wanted, least + more)

  const request = { ...want(id, path, least), ...wanted, path: at(path), ...upTo(least, least + more) }

  const foretold = await state.ledger.wouldGrant(request)
  const answer = await state.ledger.claim(request)

  assert.deepEqual(foretold, answer)
  assert.equal(grantedBytes(answer), expected)
  if (expected !== null) model.claims.set(id, { ...wanted, bytes: expected })
}

async function grow(state: StateStore, model: Model, { id, least, more }: Step): Promise<void> {
  const held = model.claims.get(id)
  if (held === undefined) return
  const atLeast = held.bytes + least
  const expected = largest(model, held, { ...held, bytes: atLeast }, atLeast + more)

  const answer = await state.ledger.grow(id, upTo(atLeast, atLeast + more))

  assert.equal(grantedBytes(answer), expected)
  if (expected !== null) model.claims.set(id, { ...held, bytes: expected })
}

/** With whatever size the content turned out to have, and whatever is there to be replaced by then. */
async function commitClaim(state: StateStore, model: Model, { id, least }: Step): Promise<void> {
  const held = model.claims.get(id)
  if (held === undefined) return
  const bytes = Math.min(least, held.bytes)
  const wanted = { path: held.path, bytes, ...inPlaceOf(model, held.path) }
  const fits = largest(model, held, wanted, bytes) !== null

  const refusal = await commit(state, id, held.path, becoming(bytes, inPlaceOf(model, held.path)))

  assert.equal(refusal === null, fits)
  if (!fits) return
  model.claims.delete(id)
  model.files.set(held.path, bytes)
}

async function release(state: StateStore, model: Model, { id }: Step): Promise<void> {
  await state.ledger.release(id)
  model.claims.delete(id)
}

async function settleAgain(state: StateStore, model: Model, { id }: Step): Promise<void> {
  if (model.claims.has(id)) return
  await state.exclusive([ROOT], (tx) => state.ledger.settle(tx, id))
}

/** Of one file, or of everything in the innermost space. */
async function remove(state: StateStore, model: Model, { path, more }: Step): Promise<void> {
  const tree = path.startsWith('/c/u/d/') && more > 30 ? '/c/u/d' : path
  const gone = [...model.files].filter(([file]) => contains(at(tree), at(file)))
  if (tree === path && gone.length === 0) return

  await removeTree(state, removal('removal', tree, model.files.get(tree) ?? 0))
  if (tree !== path) await makeCollection(state, tree)

  for (const [file] of gone) model.files.delete(file)
}

async function limit(state: StateStore, model: Model, { least, more }: Step): Promise<void> {
  await limitRoot(state, least + more)
  model.rootLimitBytes = least + more
}

function inPlaceOf({ files }: Model, path: string): Pick<Claim, 'replaces'> {
  const bytes = files.get(path)
  return bytes === undefined ? { replaces: NO_CHARGE } : replacing(bytes)
}

function grantedBytes(answer: Grant | Refusal): number | null {
  return 'grantedBytes' in answer ? answer.grantedBytes : null
}

function growthOf({ bytes, replaces }: Claim): number {
  return Math.max(0, bytes - replaces.bytes)
}

function newNames({ replaces }: Claim): number {
  return 1 - replaces.entries
}

interface Numbers {
  readonly usedBytes: number
  readonly usedEntries: number
  readonly reservedBytes: number
  readonly reservedEntries: number
}

function numbersOf(model: Model, space: NewSpace): Numbers {
  const files = [...model.files].filter(([path]) => contains(space.path, at(path)))
  const claims = [...model.claims.values()].filter(({ path }) => contains(space.path, at(path)))
  return {
    usedBytes: files.reduce((sum, [, bytes]) => sum + bytes, 0),
    usedEntries: files.length + COLLECTIONS.filter((path) => isBelow(space, path)).length,
    reservedBytes: claims.reduce((sum, each) => sum + growthOf(each), 0),
    reservedEntries: claims.reduce((sum, each) => sum + newNames(each), 0),
  }
}

function isBelow({ path: space }: NewSpace, path: string): boolean {
  return space !== path && contains(space, at(path))
}

function limitOf(model: Model, { path, limitBytes }: NewSpace): number {
  return (path === ROOT ? model.rootLimitBytes : limitBytes) ?? Number.POSITIVE_INFINITY
}

/** How large a claim can become, from the bytes it wants up to `most`; null where even those break a limit. */
function largest(model: Model, held: Claim | null, wanted: Claim, most: number): number | null {
  let bytes = most
  for (const space of SPACES.filter(({ path }) => contains(path, at(wanted.path)))) {
    const numbers = numbersOf(model, space)
    const own = held === null ? 0 : growthOf(held)
    const rest = limitOf(model, space) - numbers.usedBytes - numbers.reservedBytes + own
    if (growthOf(wanted) > Math.max(own, rest)) return null
    const more = newNames(wanted) - (held === null ? 0 : newNames(held))
    const names = numbers.usedEntries + numbers.reservedEntries + more
    if (more > 0 && names > (space.limitEntries ?? Number.POSITIVE_INFINITY)) return null
    bytes = Math.min(bytes, wanted.replaces.bytes + Math.max(0, rest))
  }
  return Math.max(wanted.bytes, bytes)
}

/** A limit can be set below what is there; nothing else may lead beyond it. */
function requireNotPassed(model: Model, space: NewSpace, now: Numbers, before: Numbers): void {
  const bytes = now.usedBytes + now.reservedBytes
  assert.ok(bytes <= Math.max(limitOf(model, space), before.usedBytes + before.reservedBytes), space.path)
  const names = now.usedEntries + now.reservedEntries
  const mostNames = space.limitEntries ?? Number.POSITIVE_INFINITY
  assert.ok(names <= Math.max(mostNames, before.usedEntries + before.reservedEntries), space.path)
}

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Deps } from '../../src/core/deps.ts'
import { DavError, type ErrorCode } from '../../src/core/errors.ts'
import { folderInMemory } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'
import { type Fault, withFault } from './faults.ts'
import { depsIn, recover, requireSettled, visible } from './harness.ts'
import type { Operation } from './scenes.ts'

export interface FaultKind extends Omit<Fault, 'call'> {
  /** The call of the recovery that fails too, as on a disk that is still dying at the next start; null for none. */
  readonly recoveryCall?: number | null
}

/** What drivers say when the system answers ENOSPC, EDQUOT, EIO and EMFILE. */
export const CODES: readonly ErrorCode[] = ['disk-full', 'quota-exceeded', 'io-error', 'overloaded']

/** Every code, before and after the call did its work, for one call and for every call from then on. */
export const ALL_KINDS: readonly FaultKind[] = CODES.flatMap((code) =>
  (['before', 'after'] as const).flatMap((when) => [false, true].map((lasting) => ({ code, when, lasting }))),
)

// No operation makes more calls than this; more means that it fails without a fault.
const MOST_CALLS = 150

/**
 * Fails each call of the drivers that an operation makes, one after the other, until it makes no more calls, and looks
 * every time whether what it said is true, before and after a recovery. Reports all that is wrong at once.
 * @returns how many faults there were
 */
export async function sweep(
  test: Lifetime,
  operation: Operation,
  kind: FaultKind,
  { retries = false }: { readonly retries?: boolean } = {},
): Promise<number> {
  const wrong: string[] = []
  let faults = 0
  for (let call = 1; ; call += 1) {
    assert.ok(call < MOST_CALLS, `it fails without a fault\n${wrong.join('\n')}`)
    const scene = await sceneOf(test, operation)
    const attempt = await tryOnce(scene, operation, { ...kind, call })
    const named = `${kind.code} ${kind.when} ${attempt.failed[0]}, call ${call}`
    const judged = retries ? judgeRetry(scene, operation, attempt) : judge(scene, attempt, kind)
    await judged.catch((error: unknown) => wrong.push(`${named}: ${String(error)}`))
    await attempt.letGo()
    await scene.close()
    if (attempt.failed.length === 0) break
    faults += 1
  }
  assert.deepEqual(wrong, [])
  assert.ok(faults > 2, 'the operation hardly calls its drivers')
  return faults
}

export interface Scene {
  readonly deps: Deps
  readonly folder: string
  readonly before: readonly string[]
  readonly after: readonly string[]
  close(): Promise<void>
}

const afters = new Map<Operation, readonly string[]>()

/** A new folder in the state the operation begins with, and what it looks like before and after. */
export async function sceneOf(test: Lifetime, operation: Operation): Promise<Scene> {
  const folder = folderInMemory(test)
  const deps = depsIn(folder, { growthStepBytes: 500, growthStepMaxBytes: 2000 })
  test.after(() => deps.close().catch(() => {}))
  await operation.before(deps)
  const before = await visible(deps, folder)
  const known = afters.get(operation)
  if (known !== undefined) return { deps, folder, before, after: known, close: () => deps.close() }
  await operation.run(deps)
  await requireSettled(deps, folder)
  afters.set(operation, await visible(deps, folder))
  await deps.close()
  return await sceneOf(test, operation)
}

export interface Attempt {
  /** The calls that failed. */
  readonly failed: readonly string[]
  /** Why it was refused; null if it was not. */
  readonly refusal: DavError | null
  /** What it says it could not make. */
  readonly missing: readonly string[]
  /** See `FaultyDeps`. */
  letGo(): Promise<void>
}

export async function tryOnce({ deps }: Scene, operation: Operation, fault: Fault): Promise<Attempt> {
  const faulty = withFault(deps, fault)
  try {
    const missing = await operation.run(faulty.deps)
    return { ...faulty, refusal: null, missing: missing ?? [] }
  } catch (error) {
    assert.ok(error instanceof DavError, `not a refusal: ${error instanceof Error ? error.stack : error}`)
    return { ...faulty, refusal: error, missing: [] }
  } finally {
    assert.equal(deps.running.size, 0, 'a slot is lost')
  }
}

/** Looks at once and after a recovery whether what was said is so, and nothing is lost, left or half. */
async function judge(
  { deps, folder, before, after }: Scene,
  attempt: Attempt,
  kind: FaultKind,
): Promise<void> {
  const { failed, refusal, missing } = attempt
  const done = without(after, missing)
  const outcomes = refusal === null ? [done] : [before, ...statesBehindRefusal(kind, attempt, done)]
  const seen = await visible(deps, folder)
  const isPostponed = refusal === null && failed.includes('ledger.settle')
  // What dies in the middle and stays dead cannot be put right before it is back.
  if (isPostponed) requireOneOf([contentOf(done)], contentOf(seen), 'at once')
  else if (!kind.lasting) requireOneOf(outcomes, seen, 'at once')

  const isUndone = kind.when === 'before' && !kind.lasting && !failed.some((call) => UNDOES.has(call))
  if (isUndone) await requireNoClaim(deps)

  await recoverTwice(deps, kind)

  const recovered = await visible(deps, folder)
  const possible = kind.lasting ? [before, done] : [isPostponed ? done : seen]
  requireOneOf(possible, recovered, 'after a recovery')
  await requireSettled(deps, folder)
}

/** What fails while something is undone or settled is recovery's. */
const UNDOES: ReadonlySet<string> = new Set([
  'ledger.release',
  'ledger.settle',
  'staged.discard',
  'store.recover',
])

async function requireNoClaim(deps: Deps): Promise<void> {
  assert.deepEqual(await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER), [], 'room is still reserved')
}

/** A recovery, before it perhaps one that fails itself. */
async function recoverTwice(deps: Deps, { recoveryCall = null, code, when }: FaultKind): Promise<void> {
  if (recoveryCall !== null) {
    const faulty = withFault(deps, { code, when, call: recoveryCall })
    await recover(faulty.deps).catch((error: unknown) => assert.ok(error instanceof DavError, String(error)))
  }
  await recover(deps)
}

/** Tries again without a recovery what was refused, and looks whether it is as it should be after one. */
async function judgeRetry({ deps, folder, after }: Scene, operation: Operation, attempt: Attempt) {
  const seen = await visible(deps, folder)
  const isDone = attempt.refusal === null && attempt.missing.length === 0
  if (!isDone && !isDeepStrictEqual(seen, after)) await operation.run(deps)

  await recover(deps)

  requireOneOf([after], await visible(deps, folder), 'after another try')
  await requireSettled(deps, folder)
}

/** What may stand although it was refused: the call did all of its work and then said that it had failed. */
function statesBehindRefusal(
  { when }: FaultKind,
  { failed, refusal }: Attempt,
  done: readonly string[],
): readonly (readonly string[])[] {
  const [call = ''] = failed
  if (when === 'before' || !COMMITS.has(call)) return []
  // Of what changes files no other refusal may be told then: the others say that nothing has changed.
  if (/^st/.test(call) && refusal?.code !== 'io-error') return []
  return [done]
}

const COMMITS: ReadonlySet<string> = new Set([
  'staged.commit',
  'store.remove',
  'properties.patch',
  'locks.refresh',
  'locks.remove',
])

function without(lines: readonly string[], missing: readonly string[]): readonly string[] {
  return lines.filter(
    (line) => !missing.some((path) => line.startsWith(`${path} `) || line.startsWith(`${path}/`)),
  )
}

/** The lines without properties: those come with the settlement. */
function contentOf(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/ \([^)]*\)$/, ''))
}

function requireOneOf(allowed: readonly (readonly string[])[], found: readonly string[], when: string): void {
  if (allowed.some((state) => isDeepStrictEqual(state, found))) return
  const states = allowed.map((state) => state.join('; ')).join('\n or ')
  throw new Error(`${when} there is\n    ${found.join('; ')}\n    and not ${states}`)
}

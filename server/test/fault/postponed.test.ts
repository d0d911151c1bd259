import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deps } from '../../src/core/deps.ts'
import { DavError } from '../../src/core/errors.ts'
import { recountAtStart, walkThrough } from '../../src/core/reconcile.ts'
import { keepLeases } from '../../src/core/recover.ts'
import { folderInMemory } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'
import { depsIn, mkcol, putText, recover, removeAt, requireSettled, visible } from './harness.ts'
import { copied, lock, moved, OPERATIONS, type Operation, set } from './scenes.ts'

const FIRST = Object.entries(OPERATIONS).filter(
  ([name]) =>
    /^(PUT of a new|PUT over|MKCOL|DELETE|COPY|MOVE)/.test(name) || name === 'LOCK of an unmapped URL',
)

const NAMES = [
  '/a',
  '/b',
  '/c',
  '/c/a',
  '/c/d',
  '/c/d/b',
  '/c/new',
  '/e',
  '/e/a',
  '/e/d/b',
  '/e/new',
  '/e/old',
]

/** What may come next at one of those names. */
const NEXT: Readonly<Record<string, (deps: Deps, path: string) => Promise<unknown>>> = {
  PUT: (deps, path) => putText(deps, path, 'next content'),
  MKCOL: mkcol,
  PROPPATCH: (deps, path) => set(deps, path, { shape: 'round' }),
  LOCK: lock,
  DELETE: removeAt,
  'COPY from there': (deps, path) => copied(deps, path, '/z'),
  'COPY to there': (deps, path) => copied(deps, '/spare', path),
  'MOVE from there': (deps, path) => moved(deps, path, '/z'),
  'MOVE to there': (deps, path) => moved(deps, '/spare', path),
}

/** How what was postponed is made up for in the end. */
const ENDS: Readonly<Record<string, (deps: Deps) => Promise<void>>> = {
  'the next look at the leases': (deps) => keepLeases(deps),
  async 'a new start'(deps) {
    await recover(deps)
    await walkThrough(recountAtStart(deps))
  },
}

for (const [name, first] of FIRST) {
  describe(`${name}, of which the settlement is postponed`, () => {
    it('keeps all that is done after it, and the counters are true in the end (STOR-01)', async (test) => {
      await judgeEach(test, first, async ({ name, next, sound }) => {
        const { deps, folder, close } = await sceneOf(test, first)
        await first.run(unsettling(deps))

        const answer = await answerOf(next(deps))
        await keepLeases(deps)

        assert.equal(answer, sound.answer)
        assert.deepEqual(await visible(deps, folder), sound.after, name)
        await requireSettled(deps, folder)
        await close()
      })
    })

    for (const [end, makeUp] of Object.entries(ENDS)) {
      it(`is made up for by ${end} where nothing could be settled before, and what was refused has changed nothing (STOR-01)`, async (test) => {
        await judgeEach(test, first, async ({ next, sound }) => {
          const { deps, folder, close } = await sceneOf(test, first)
          await first.run(unsettling(deps))

          const answer = await answerOf(next(unsettling(deps)))
          await makeUp(deps)

          const isRefused = answer === 'disk-full'
          assert.ok(isRefused || answer === sound.answer, answer)
          assert.deepEqual(await visible(deps, folder), isRefused ? sound.between : sound.after)
          await requireSettled(deps, folder)
          await close()
        })
      })
    }
  })
}

interface Pair {
  readonly name: string
  readonly next: (deps: Deps) => Promise<unknown>
  /** What comes of the two where nothing fails. */
  readonly sound: {
    readonly between: readonly string[]
    readonly answer: string
    readonly after: readonly string[]
  }
}

/** Judges what may come next, at every name that the first operation can have to do with. Reports all that is wrong at once. */
async function judgeEach(
  test: Lifetime,
  first: Operation,
  judge: (pair: Pair) => Promise<void>,
): Promise<void> {
  const wrong: string[] = []
  const known = soundOf.get(first) ?? {}
  soundOf.set(first, known)
  for (const path of NAMES) {
    for (const [method, run] of Object.entries(NEXT)) {
      const name = `${method} ${path}`
      const next = (deps: Deps) => run(deps, path)
      const sound = known[name] === undefined ? await soundly(test, first, next) : known[name]
      known[name] = sound
      if (sound === null) continue
      await judge({ name, next, sound }).catch((error: unknown) => wrong.push(`${name}: ${String(error)}`))
    }
  }
  assert.deepEqual(wrong, [])
}

const soundOf = new Map<Operation, Record<string, Pair['sound'] | null>>()

/** Null where the second one is refused and all has been tried. */
async function soundly(
  test: Lifetime,
  first: Operation,
  next: (deps: Deps) => Promise<unknown>,
): Promise<Pair['sound'] | null> {
  const { deps, folder, close } = await sceneOf(test, first)
  await first.run(deps)
  const between = await visible(deps, folder)
  const answer = await answerOf(next(deps))
  const after = await visible(deps, folder)
  await close()
  return answer === 'done' ? { between, answer, after } : null
}

async function sceneOf(test: Lifetime, { before }: Operation) {
  const folder = folderInMemory(test)
  const deps = depsIn(folder)
  test.after(() => deps.close().catch(() => {}))
  await before(deps)
  await putText(deps, '/spare', 'spare')
  await set(deps, '/spare', { color: 'grey' })
  return { deps, folder, close: () => deps.close() }
}

async function answerOf(done: Promise<unknown>): Promise<string> {
  try {
    await done
    return 'done'
  } catch (error) {
    if (!(error instanceof DavError)) throw error
    return error.code
  }
}

/** As when the state has room for everything but that. */
function unsettling(deps: Deps): Deps {
  const settle = async () => {
    throw new DavError('disk-full', 'a fault of the test')
  }
  return { ...deps, state: { ...deps.state, ledger: { ...deps.state.ledger, settle } } }
}

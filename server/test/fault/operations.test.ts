import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Deps } from '../../src/core/deps.ts'
import { DavError } from '../../src/core/errors.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type Fault, withFault } from './faults.ts'
import { depsIn, mkcol, putText, recover, removeAt, requireSettled, visible } from './harness.ts'

const LONG = 'new content, '.repeat(400)

interface Operation {
  readonly before: (deps: Deps) => Promise<void>
  readonly run: (deps: Deps) => Promise<void>
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'PUT of a new file': {
    before: (deps) => putText(deps, '/beside', 'beside'),
    run: (deps) => putText(deps, '/a', 'new', { declaredBytes: 3 }),
  },
  'PUT over a file': {
    before: (deps) => putText(deps, '/a', 'a rather longer old content'),
    run: (deps) => putText(deps, '/a', 'new', { declaredBytes: 3 }),
  },
  'PUT of a chunked body that grows': {
    async before(deps) {
      await putText(deps, '/beside', LONG)
      await putText(deps, '/a', 'old')
    },
    run: (deps) => putText(deps, '/a', LONG),
  },
  MKCOL: {
    before: (deps) => putText(deps, '/beside', 'beside'),
    run: (deps) => mkcol(deps, '/c'),
  },
  'DELETE of a file': {
    async before(deps) {
      await putText(deps, '/beside', 'beside')
      await putText(deps, '/a', 'old')
    },
    run: (deps) => removeAt(deps, '/a'),
  },
  'DELETE of a tree': {
    async before(deps) {
      for (const path of ['/c', '/c/d']) await mkcol(deps, path)
      for (const path of ['/beside', '/c/a', '/c/d/b']) await putText(deps, path, 'content')
    },
    run: (deps) => removeAt(deps, '/c'),
  },
}

const KINDS: readonly Omit<Fault, 'call'>[] = [
  { code: 'disk-full', when: 'before' },
  { code: 'disk-full', when: 'after' },
  { code: 'io-error', when: 'before' },
  { code: 'io-error', when: 'after' },
]

for (const [name, operation] of Object.entries(OPERATIONS)) {
  describe(`${name}, failing at each call of a driver in turn`, () => {
    for (const kind of KINDS) {
      it(`leaves the old state or the new one whole, and true counters: ${kind.code} ${kind.when} the call (STOR-01)`, async (test) => {
        await atEachCall(async (call) => {
          const scene = await sceneOf(test, operation)

          const { failed, thrown } = await attempt(scene, operation, { ...kind, call })

          await recover(scene.deps)
          const recovered = await visible(scene.deps, scene.folder)
          const allowed = thrown === null ? [scene.after] : [scene.before, scene.after]
          requireOneOf(allowed, recovered, `after ${failed}`)
          await requireSettled(scene.deps, scene.folder, `after ${failed}`)
          return failed.length > 0
        })
      })
    }

    it('succeeds when it is tried again, before any recovery, and the counters are true after one', async (test) => {
      for (const kind of KINDS) {
        await atEachCall(async (call) => {
          const scene = await sceneOf(test, operation)
          const { failed } = await attempt(scene, operation, { ...kind, call })
          const seen = await visible(scene.deps, scene.folder)

          if (!isDeepStrictEqual(seen, scene.after)) await operation.run(scene.deps)
          await recover(scene.deps)

          assert.deepEqual(await visible(scene.deps, scene.folder), scene.after, `after ${failed}`)
          await requireSettled(scene.deps, scene.folder, `after ${failed}`)
          return failed.length > 0
        })
      }
    })

    it('is put right by the next start when the disk dies at any call and comes back', async (test) => {
      for (const when of ['before', 'after'] as const) {
        await atEachCall(async (call) => {
          const scene = await sceneOf(test, operation)

          const { failed } = await attempt(scene, operation, { code: 'io-error', when, lasting: true, call })
          await recover(scene.deps)

          const recovered = await visible(scene.deps, scene.folder)
          requireOneOf([scene.before, scene.after], recovered, `after ${failed}`)
          await requireSettled(scene.deps, scene.folder, `after ${failed}`)
          return failed.length > 0
        })
      }
    })
  })
}

interface Scene {
  readonly deps: Deps
  readonly folder: string
  readonly before: readonly string[]
  readonly after: readonly string[]
}

const afters = new Map<Operation, readonly string[]>()

/** A new folder in the state the operation begins with, and what it looks like before and after. */
async function sceneOf(test: TestContext, operation: Operation): Promise<Scene> {
  const folder = temporaryFolder(test)
  const deps = depsIn(folder, { growthStepBytes: 500, growthStepMaxBytes: 2000 })
  test.after(() => deps.close())
  await operation.before(deps)
  const before = await visible(deps, folder)
  const known = afters.get(operation)
  if (known !== undefined) return { deps, folder, before, after: known }
  await operation.run(deps)
  await requireSettled(deps, folder)
  afters.set(operation, await visible(deps, folder))
  return await sceneOf(test, operation)
}

async function attempt({ deps }: Scene, operation: Operation, fault: Fault) {
  const faulty = withFault(deps, fault)
  try {
    await operation.run(faulty.deps)
    return { failed: faulty.failed, thrown: null }
  } catch (error) {
    assert.ok(error instanceof DavError, String(error))
    return { failed: faulty.failed, thrown: error }
  }
}

// No operation makes more calls than this; more means that it fails without a fault.
const MOST_CALLS = 60

/** Calls `run` with 1, 2, 3 … until it says that there was no such call any more, and reports all that is wrong. */
async function atEachCall(run: (call: number) => Promise<boolean>): Promise<void> {
  const wrong: string[] = []
  let call = 1
  for (let more = true; more; call += 1) {
    assert.ok(call < MOST_CALLS, wrong.join('\n'))
    more = await run(call).catch((error: unknown) => {
      wrong.push(String(error))
      return true
    })
  }
  assert.deepEqual(wrong, [])
  assert.ok(call > 3, 'the operation calls its drivers')
}

function requireOneOf(
  allowed: readonly (readonly string[])[],
  found: readonly string[],
  context: string,
): void {
  if (allowed.some((state) => isDeepStrictEqual(state, found))) return
  assert.deepEqual(found, allowed[0], `neither the old state nor the new one whole ${context}`)
}

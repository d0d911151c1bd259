import assert from 'node:assert/strict'
import fc from 'fast-check'
import { withGates } from './gates.ts'
import { needlesslyRefused, orders } from './linear.ts'
import { apply, BEGINNING, linesOf } from './model.ts'
import { copyWhatChanges, OPERATION, OPERATION_NEARBY, type Operation, perform } from './operations.ts'
import { requireSame, visibleLines, withScene } from './scene.ts'

/** How far to look, and from where: fast-check prints seed and path of every counterexample. */
export interface Search {
  readonly numRuns: number
  /** The search ends by itself, so that no test runner cuts it before what it found is told. */
  readonly seconds: number
  readonly seed?: number
  readonly path?: string
}

/**
 * Operations one after the other do and refuse what the model does, and leave its tree, properties and counters.
 * @returns how many operations were compared
 * @throws Error with the smallest counterexample
 */
export async function searchSequences(search: Search): Promise<number> {
  let compared = 0
  const operations = fc.array(OPERATION, { minLength: 1, maxLength: 30, size: 'max' })
  await fc.assert(
    fc.asyncProperty(operations, async (steps) => {
      compared += steps.length
      await runSequence(steps)
    }),
    boundsOf(search),
  )
  return compared
}

/**
 * Operations at the same time, in any order of their calls to store and state, end as if they had been done one after
 * the other; none is refused for want of room where there was enough for all.
 * @returns how many operations ran at the same time as others
 * @throws Error with the smallest counterexample
 */
export async function searchInterleavings(search: Search): Promise<number> {
  let compared = 0
  let quiet = async (): Promise<void> => {}
  const scheduler = fc.scheduler({
    act: async (run) => {
      await run()
      await quiet()
    },
  })
  const before = fc.array(OPERATION, { maxLength: 8, size: 'max' })
  const atOnce = fc.array(OPERATION_NEARBY, { minLength: 2, maxLength: 4, size: 'max' })
  await fc.assert(
    fc.asyncProperty(before, atOnce, scheduler, async (...[first, together, order]) => {
      fc.pre(!copyWhatChanges(together))
      compared += together.length
      await runAtOnce({ before: first, atOnce: together, order }, (settle) => {
        quiet = settle
      })
    }),
    boundsOf(search),
  )
  return compared
}

function boundsOf({ numRuns, seconds, seed, path }: Search) {
  return {
    numRuns,
    interruptAfterTimeLimit: seconds * 1000,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  }
}

function runSequence(operations: readonly Operation[]): Promise<void> {
  return withScene(async (scene) => {
    let model = BEGINNING
    for (const operation of operations) {
      const expected = apply(model, operation)
      const outcome = await perform(scene.deps, operation)
      assert.equal(outcome, expected.outcome, JSON.stringify(operation))
      model = expected.model
      await requireSame(scene, model, `after ${JSON.stringify(operation)}`)
    }
  })
}

interface Case {
  readonly before: readonly Operation[]
  readonly atOnce: readonly Operation[]
  readonly order: fc.Scheduler
}

function runAtOnce(
  { before, atOnce, order }: Case,
  scheduling: (quiet: () => Promise<void>) => void,
): Promise<void> {
  return withScene(async (scene) => {
    let model = BEGINNING
    for (const operation of before) {
      await perform(scene.deps, operation)
      model = apply(model, operation).model
    }
    const gated = withGates(scene.deps, order)
    scheduling(gated.quiet)

    const outcomes = await order.waitFor(
      Promise.all(atOnce.map((operation) => perform(gated.deps, operation))),
    )

    const done = atOnce.map((operation, index) => ({ operation, outcome: outcomes[index] ?? '' }))
    const found = (await visibleLines(scene.deps, scene.folder)).join('\n')
    const end = orders(model, done).find((state) => linesOf(state).join('\n') === found)
    assert.ok(
      end !== undefined,
      `no order explains ${JSON.stringify({ begin: linesOf(model), done, found })}`,
    )
    await requireSame(scene, end, JSON.stringify(done))
    assert.deepEqual(needlesslyRefused(model, done), [])
  })
}

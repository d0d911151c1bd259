import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { putText, removeAt, requireSettled, sceneOf } from '../../test/fault/harness.ts'
import type { Deps } from './deps.ts'
import { NO_LIMITS } from './ledger.ts'
import { ROOT } from './path.ts'

describe('room that is claimed ahead', () => {
  // Found by test/model, in an order of calls that a slower state than SQLite would bring about.
  it('is had by others also while the upload it was claimed for is about to be committed (STOR-05)', async (test) => {
    const { deps, folder } = sceneOf(test, { growthStepBytes: 50 })
    await deps.state.ledger.setSpace({
      path: ROOT,
      kind: 'collection',
      limits: { ...NO_LIMITS, limitBytes: 80 },
    })
    const intending = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()

    const first = putText(
      withIntent(deps, async () => {
        intending.resolve()
        await goOn.promise
      }),
      '/first',
      'x'.repeat(60),
    )
    await intending.promise
    await putText(deps, '/second', 'x'.repeat(20))
    goOn.resolve()
    await first

    await requireSettled(deps, folder)
    const [root] = await deps.state.ledger.enclosing(ROOT)
    assert.equal(root?.usedBytes, 80)
  })
})

describe('an upload whose old file was removed meanwhile', () => {
  // Found by the model of `npm run prove`, seed 716783225.
  it('gets the room that left, which another upload had claimed ahead (STOR-05, STOR-06)', async (test) => {
    const { deps, folder } = sceneOf(test, { growthStepBytes: 100 })
    await putText(deps, '/a', 'x'.repeat(60))
    const limits = { ...NO_LIMITS, limitBytes: 100 }
    await deps.state.ledger.setSpace({ path: ROOT, kind: 'collection', limits })
    const [first, second] = [slow('y'.repeat(80)), slow('z'.repeat(10))]

    const over = putText(deps, '/a', '', { body: first.body, declaredBytes: 80 })
    await first.hasBegun
    await removeAt(deps, '/a')
    const ahead = putText(deps, '/b', '', { body: second.body })
    await second.hasBegun
    first.goOn()
    await over
    second.goOn()
    await ahead

    await requireSettled(deps, folder)
    assert.equal((await deps.state.ledger.enclosing(ROOT))[0]?.usedBytes, 90)
  })
})

/** A body that ends only when it is told to; its bytes have been taken when it has begun. */
function slow(text: string) {
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const body = (async function* () {
    yield Buffer.from(text)
    begun.resolve()
    await end.promise
  })()
  return { body, hasBegun: begun.promise, goOn: end.resolve }
}

function withIntent(deps: Deps, before: () => Promise<void>): Deps {
  const intend: Deps['state']['ledger']['intend'] = async (...values) => {
    await before()
    return await deps.state.ledger.intend(...values)
  }
  return { ...deps, state: { ...deps.state, ledger: { ...deps.state.ledger, intend } } }
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { depsIn, putText, requireSettled } from '../../test/fault/harness.ts'
import { temporaryFolder } from '../../test/support/folder.ts'
import type { Deps } from './deps.ts'
import { NO_LIMITS } from './ledger.ts'
import { ROOT } from './path.ts'

describe('room that is claimed ahead', () => {
  // Found by test/model, in an order of calls that a slower state than SQLite would bring about.
  it('is had by others also while the upload it was claimed for is about to be committed (STOR-05)', async (test) => {
    const folder = temporaryFolder(test)
    const deps = depsIn(folder, { growthStepBytes: 50 })
    test.after(() => deps.close())
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

function withIntent(deps: Deps, before: () => Promise<void>): Deps {
  const intend: Deps['state']['ledger']['intend'] = async (...values) => {
    await before()
    return await deps.state.ledger.intend(...values)
  }
  return { ...deps, state: { ...deps.state, ledger: { ...deps.state.ledger, intend } } }
}

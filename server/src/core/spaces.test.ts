import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, mkcol, move, sceneOf } from '../../test/fault/harness.ts'
import type { Deps } from './deps.ts'
import { changeLimits } from './spaces.ts'

describe('limits that are set beside other requests', () => {
  it('are refused when the folder moves away before they hold', async (test) => {
    const { deps } = sceneOf(test)
    await mkcol(deps, '/a')
    const moving = beforeRecord(deps, () => move(deps, '/a', '/b'))

    const setting = changeLimits(moving, at('/a'), { limitBytes: 100 })

    await assert.rejects(setting, /there is no folder \/a/)
    const limited = (await deps.state.ledger.spaces()).filter(({ limitBytes }) => limitBytes !== null)
    assert.deepEqual(limited, [])
  })
})

/** Does something between the two looks at a folder that is given limits. */
function beforeRecord(deps: Deps, meanwhile: () => Promise<unknown>): Deps {
  const { ledger } = deps.state
  const record: typeof ledger.record = async (path) => {
    const found = await ledger.record(path)
    await meanwhile()
    return found
  }
  return { ...deps, state: { ...deps.state, ledger: { ...ledger, record } } }
}

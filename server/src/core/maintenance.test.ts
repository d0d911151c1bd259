import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { at, depsIn } from '../../test/fault/harness.ts'
import { temporaryFolder } from '../../test/support/folder.ts'
import { recordedLog } from '../../test/support/server.ts'
import { NO_CHARGE } from './ledger.ts'
import { levelWatch } from './level-watch.ts'
import { diskStanding } from './levels.ts'
import { maintenance } from './maintenance.ts'
import { reserve } from './space.ts'

const YEAR = 365 * 24 * 3600

/** A clock of the day that can be set beside one that cannot, and the claims of a running and of a lost request. */
async function scene(test: TestContext) {
  let aheadSeconds = 1_700_000_000
  let atSeconds = 0
  const log = recordedLog()
  const opened = depsIn(temporaryFolder(test))
  test.after(() => opened.close())
  const deps = { ...opened, log, nowMs: () => (aheadSeconds + atSeconds) * 1000 }
  const watch = levelWatch(deps, () => {})
  const maintain = maintenance(deps, watch)
  await maintain(atSeconds)
  for (const id of ['running', 'lost']) {
    const want = { id, kind: 'put', path: at(`/${id}`), bytes: 10, replaces: NO_CHARGE, entries: 1 } as const
    await reserve(deps, want)
  }
  deps.running.set('running', { user: null, takesSlot: true, written: { bytes: 0, entries: 0 } })
  return {
    watch,
    log,
    claims: async () => {
      const all = await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)
      return all.map(({ path }) => path).toSorted()
    },
    async round({ later = 0, clockSetBy = 0 }) {
      atSeconds += later
      aheadSeconds += clockSetBy
      await maintain(atSeconds)
    },
  }
}

describe('maintenance', () => {
  it('gives a lost claim its whole lease (STOR-08)', async (test) => {
    const { round, claims } = await scene(test)

    await round({ later: 299 })
    const before = await claims()
    await round({ later: 2 })

    assert.deepEqual([before, await claims()], [['/lost', '/running'], ['/running']])
  })

  it('recovers what was lost, and only that, whichever way the clock is set (STOR-08)', async (test) => {
    for (const clockSetBy of [YEAR, -YEAR]) {
      const { round, claims, log } = await scene(test)

      await round({ later: 30, clockSetBy })
      for (let times = 0; times < 20; times++) await round({ later: 30 })

      assert.deepEqual(await claims(), ['/running'])
      const told = log.messages.filter((message) => message.startsWith('the clock was set'))
      assert.deepEqual(told, [`the clock was set {"stepSeconds":${clockSetBy}}`])
    }
  })

  it('does not wait so long where the disk is almost full (PRS-01)', async (test) => {
    const { round, claims, watch } = await scene(test)
    const almostFull = diskStanding(
      { bytes: 10_000, smallOnlyBytes: 0, entries: 9 },
      { diskUnitBytes: 1_000_000 },
    )

    watch.see([almostFull])
    await round({ later: 59 })
    const before = await claims()
    watch.see([almostFull])
    await round({ later: 2 })

    assert.deepEqual([before, await claims()], [['/lost', '/running'], ['/running']])
  })
})

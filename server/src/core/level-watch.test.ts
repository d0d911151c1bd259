import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { at, depsIn, putText, UNCONDITIONAL } from '../../test/fault/harness.ts'
import { temporaryFolder } from '../../test/support/folder.ts'
import { recordedLog } from '../../test/support/server.ts'
import { spaceWith } from '../../test/support/space.ts'
import { NO_LIMITS } from './ledger.ts'
import { levelWatch } from './level-watch.ts'
import { type Standing, spaceStanding, standings } from './levels.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { makeCollection } from './mkcol.ts'

function watched(test: TestContext) {
  const log = recordedLog()
  const folder = temporaryFolder(test)
  const opened = depsIn(folder)
  test.after(() => opened.close())
  const deps = { ...opened, log }
  const watch = levelWatch(deps, () => {})
  /** What is said when the root is filled to so many percent. */
  const heard = (percent: number): string[] => {
    const before = log.messages.length
    watch.see([standing(percent)])
    return log.messages.slice(before).map((message) => message.split(' {')[0] ?? '')
  }
  return { deps, watch, heard, log }
}

function standing(percent: number): Standing {
  return spaceStanding(spaceWith({ limitBytes: 1000, usedBytes: 10 * percent }), DEFAULT_LIMITS)
}

describe('the watch over levels', () => {
  it('says once that a level has risen, and nothing of what stays as it was (LVL-04)', (test) => {
    const { heard } = watched(test)

    const said = [10, 79, 80, 85, 94, 96, 99, 100, 100].map(heard)

    assert.deepEqual(said.flat(), [
      '/ is at level near, before at normal',
      '/ is at level critical, before at near',
      '/ is at level full, before at critical',
    ])
  })

  it('says that it has fallen once it is well below the threshold (LVL-04)', (test) => {
    const { heard } = watched(test)
    heard(100)

    const said = [99, 98, 97, 91, 89, 76, 74].map(heard)

    assert.deepEqual(said.flat(), [
      '/ is at level critical, before at full',
      '/ is at level near, before at critical',
      '/ is at level normal, before at near',
    ])
  })

  it('says nothing more of a space that goes up and down around a threshold (LVL-04)', (test) => {
    const { heard } = watched(test)
    heard(80)

    const said = Array.from({ length: 100 }, (_, index) => heard(index % 2 ? 81 : 78))

    assert.deepEqual(said.flat(), [])
  })

  it('says several steps at once as one (LVL-04)', (test) => {
    const { heard } = watched(test)

    assert.deepEqual(heard(100), ['/ is at level full, before at normal'])
    assert.deepEqual(heard(0), ['/ is at level normal, before at full'])
  })

  it('sees every space there is, also one that nobody writes to, and forgets one that has ended (LVL-04)', async (test) => {
    const { deps, watch, log } = watched(test)
    const path = at('/team')
    await makeCollection(deps, { path, guard: UNCONDITIONAL })
    await putText(deps, '/team/a', 'x'.repeat(90))
    const setting = { path, kind: 'collection', limits: { ...NO_LIMITS, limitBytes: 100 } } as const
    const heard = (): number =>
      log.messages.filter((message) => message.startsWith('/team is at level near')).length

    await deps.state.ledger.setSpace(setting)
    await watch.look(0)
    await watch.look(30)
    const first = heard()
    await deps.state.ledger.removeSpace(path)
    await watch.look(60)
    await deps.state.ledger.setSpace(setting)
    await watch.look(90)

    assert.deepEqual([first, heard()], [1, 2])
  })

  it('tells with the change how fast the space fills and when it will be full, once that is known (LVL-06)', async (test) => {
    const { deps, watch, heard, log } = watched(test)
    await watch.look(0)
    await putText(deps, '/a', 'x'.repeat(600))
    for (let at = 30; at <= 3600; at += 30) await watch.look(at)

    heard(80)

    assert.match(log.messages.at(-1) ?? '', /"bytesPerDay":1\d{4},"secondsUntilFull":1\d{3}\b/)
    assert.ok((watch.forecast(standing(80), [standing(80)]).secondsUntilFull ?? 0) > 0)
  })

  it('expects the end of a space from whatever ends first, itself, a space around it or the disk (LVL-06)', async (test) => {
    const { deps, watch } = watched(test)
    await makeCollection(deps, { path: at('/team'), guard: UNCONDITIONAL })
    const limitOf = async (path: string, limitBytes: number | null) =>
      await deps.state.ledger.setSpace({
        path: at(path),
        kind: 'collection',
        limits: { ...NO_LIMITS, limitBytes },
      })
    const secondsUntilFull = async () => {
      const all = await standings(deps, at('/team'))
      const [team] = all
      return watch.forecast(team, all).secondsUntilFull
    }
    await limitOf('/', 3000)
    await limitOf('/team', 1_000_000)
    await watch.look(0)
    await putText(deps, '/team/a', 'x'.repeat(1000))
    for (let seconds = 30; seconds <= 3600; seconds += 30) await watch.look(seconds)

    const byTheOuterOne = await secondsUntilFull()
    await limitOf('/team', null)
    const withoutItsOwn = await secondsUntilFull()

    // 1,000 bytes an hour, and 2,000 are left at the root.
    assert.ok(Math.abs((byTheOuterOne ?? 0) - 7200) < 200, String(byTheOuterOne))
    assert.equal(withoutItsOwn, byTheOuterOne)
  })
})

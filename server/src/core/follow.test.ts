import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { depsIn, mkcol, putText, requireSettled } from '../../test/fault/harness.ts'
import { temporaryFolder } from '../../test/support/folder.ts'
import { recordedLog } from '../../test/support/server.ts'
import { follower } from './follow.ts'
import { type ResourcePath, ROOT } from './path.ts'
import { WatchFailure, type WatchListener } from './watch.ts'

const MINUTE_MS = 60_000

describe('follower', () => {
  it('visits everything anew, and finds what is gone, after changes went by unseen (OTH-01)', async (test) => {
    const { deps, folder, watch, idle } = await following(test)
    for (const path of ['/a', '/gone']) await mkcol(deps, path)
    for (const path of ['/a/f', '/gone/f']) await putText(deps, path, 'content')
    watch.listener?.changed(ROOT, null)
    await idle(MINUTE_MS)

    writeFileSync(join(folder, 'a', 'f'), 'longer content')
    rmSync(join(folder, 'gone'), { recursive: true })
    watch.listener?.missed()
    watch.listener?.missed()
    await idle(MINUTE_MS)

    await requireSettled(deps, folder)
    assert.equal(watch.all.has('/gone'), false)
  })

  it('finds at first what changed since the count at start, properties of what is gone too (OTH-01)', async (test) => {
    const { deps, folder, idle } = await following(test, async (before) => {
      await mkcol(before, '/gone')
      await putText(before, '/gone/f', 'content')
    })
    rmSync(join(folder, 'gone'), { recursive: true })

    await idle(MINUTE_MS)

    await requireSettled(deps, folder)
  })

  it('ends where a watch ends, and says so once (OTH-03)', async (test) => {
    const { watch, log, idle, isWatching, ended } = await following(test)
    await idle(MINUTE_MS)

    watch.listener?.failed(new WatchFailure('a fault of the test'))
    watch.listener?.changed(ROOT, null)
    await idle(MINUTE_MS)

    assert.deepEqual([isWatching(), ended(), watch.isClosed], [false, 1, true])
    assert.equal(log.messages.filter((line) => line.includes('in rounds')).length, 1)
  })

  it('tries again what could not be counted, and goes on with the rest (OTH-01)', async (test) => {
    const { deps, folder, watch, idle, log } = await following(test)
    for (const path of ['/a', '/b']) await mkcol(deps, path)
    watch.listener?.changed(ROOT, null)
    await idle(MINUTE_MS)
    for (const name of ['a', 'b']) {
      writeFileSync(join(folder, name, 'f'), 'content')
      watch.listener?.changed(`/${name}` as ResourcePath, 'f')
    }

    watch.failing = '/a'
    await idle(1000)
    watch.failing = null
    const early = await deps.state.ledger.record('/b' as ResourcePath)
    await idle(MINUTE_MS)

    assert.equal(early?.bytes, 7)
    assert.ok(log.messages.some((line) => line.includes('is tried again')))
    await requireSettled(deps, folder)
  })
})

/** A follower on a clock of the test, with a watch that tells what the test lets it tell. */
async function following(test: TestContext, before?: (deps: ReturnType<typeof depsIn>) => Promise<void>) {
  const folder = temporaryFolder(test)
  const log = recordedLog()
  const deps = { ...depsIn(folder), log }
  test.after(() => deps.close())
  await before?.(deps)
  const watch = fakeWatch()
  let nowMs = 0
  let ends = 0
  const { step, isWatching } = follower(deps, {
    open: watch.open,
    now: () => nowMs,
    wake() {},
    ended: () => {
      ends += 1
    },
  })
  /** Makes its steps, each at its time, until there is nothing to do in the next so many milliseconds. */
  const idle = async (forMs: number): Promise<void> => {
    const untilMs = nowMs + forMs
    for (let inMs = 0; nowMs + inMs <= untilMs; nowMs += inMs) inMs = await step()
    nowMs = untilMs
  }
  return { deps, folder, log, watch, idle, isWatching, ended: () => ends }
}

function fakeWatch() {
  const all = new Set<string>()
  const fake = {
    all,
    listener: null as WatchListener | null,
    failing: null as string | null,
    isClosed: false,
    open(listener: WatchListener) {
      fake.listener = listener
      return {
        add(path: string) {
          if (path === fake.failing) throw new Error('a fault of the test')
          const isNew = !all.has(path)
          all.add(path)
          return isNew ? ('new' as const) : ('kept' as const)
        },
        has: (path: string) => all.has(path),
        forget(path: string) {
          for (const each of all) if (path === '/' || `${each}/`.startsWith(`${path}/`)) all.delete(each)
        },
        count: () => all.size,
        close() {
          fake.isClosed = true
        },
      }
    },
  }
  return fake
}

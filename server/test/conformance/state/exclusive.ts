import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { contains, type ResourcePath } from '../../../src/core/path.ts'
import type { StateStore } from '../../../src/core/state.ts'
import { at, type StateCase } from './harness.ts'

export function exclusiveCases(it: StateCase): void {
  const waiting: readonly [string, string, string][] = [
    ['the same path', '/a/b', '/a/b'],
    ['a path above', '/a/b', '/a'],
    ['a path below', '/a/b', '/a/b/c/d'],
    ['the root', '/a/b', '/'],
  ]
  for (const [title, first, second] of waiting) {
    it(`makes a section on ${title} wait`, async (state) => {
      const order = recorder(state)
      const one = order.enter('one', first)
      const two = order.enter('two', second)
      await settled()
      assert.deepEqual(order.entered, ['one'])

      one.leave()
      two.leave()
      await Promise.all([one.done, two.done])

      assert.deepEqual(order.entered, ['one', 'two'])
    })
  }

  it('lets sections on siblings and on names that only begin alike run together', async (state) => {
    const order = recorder(state)

    const sections = ['/a/b', '/a/bc', '/a/c', '/ab', '/b/a'].map((path) => order.enter(path, path))
    await settled()

    assert.deepEqual(order.entered, ['/a/b', '/a/bc', '/a/c', '/ab', '/b/a'])
    for (const section of sections) section.leave()
    await Promise.all(sections.map(({ done }) => done))
  })

  it('serves in the order of arrival, so that nobody waits for ever', async (state) => {
    const order = recorder(state)
    const sections = [
      order.enter('member', '/a/b'),
      order.enter('whole', '/a'),
      order.enter('other member', '/a/c'),
      order.enter('member again', '/a/b'),
    ]
    await settled()
    assert.deepEqual(order.entered, ['member'], 'what came after the whole waits for it')

    for (const section of sections) section.leave()
    await Promise.all(sections.map(({ done }) => done))

    assert.deepEqual(order.entered, ['member', 'whole', 'other member', 'member again'])
  })

  it('holds several paths at once', async (state) => {
    const order = recorder(state)
    const both = order.enter('both', '/from', '/to')
    const from = order.enter('from', '/from/x')
    const to = order.enter('to', '/to')
    await settled()
    assert.deepEqual(order.entered, ['both'])

    for (const section of [both, from, to]) section.leave()
    await Promise.all([both.done, from.done, to.done])

    assert.deepEqual(order.entered, ['both', 'from', 'to'])
  })

  it('returns what the work returns and passes on what it throws, which frees the path', async (state) => {
    const paths = [at('/a')]

    await assert.rejects(
      state.exclusive(paths, async () => {
        throw new Error('the work failed')
      }),
      /the work failed/,
    )
    const result = await state.exclusive(paths, async () => 'done')

    assert.equal(result, 'done')
  })

  it('never runs two overlapping sections at once, however many come', async (state) => {
    const paths = ['/', '/a', '/a/b', '/a/b/c', '/a/d', '/e'].map(at)
    const inside = new Set<ResourcePath>()
    const overlaps: string[] = []

    await Promise.all(
      Array.from({ length: 300 }, (_, index) => {
        const path = paths[(index * 7) % paths.length] ?? at('/')
        return state.exclusive([path], async () => {
          for (const other of inside) {
            if (contains(path, other) || contains(other, path)) overlaps.push(`${path} ${other}`)
          }
          inside.add(path)
          await setImmediate()
          inside.delete(path)
        })
      }),
    )

    assert.deepEqual(overlaps, [])
  })
}

interface Section {
  /** Lets the section end, at once or as soon as it has begun. */
  leave(): void
  readonly done: Promise<void>
}

function recorder(state: StateStore) {
  const entered: string[] = []
  return {
    entered,
    enter(name: string, ...paths: readonly string[]): Section {
      const { promise, resolve } = Promise.withResolvers<void>()
      const done = state.exclusive(paths.map(at), async () => {
        entered.push(name)
        await promise
      })
      return { leave: resolve, done }
    },
  }
}

/** Long enough for everything to begin that is allowed to. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate()
}

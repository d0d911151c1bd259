import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { contains, type ResourcePath, resourcePath } from '../../core/path.ts'
import { pathLock } from './path-lock.ts'

describe('pathLock', { timeout: 10_000 }, () => {
  it('begins at once where nobody is in the way', async () => {
    const lock = pathLock()
    let begun = false

    const held = lock.hold([at('/a')], async () => {
      begun = true
    })

    await Promise.resolve()
    await Promise.resolve()
    assert.ok(begun)
    await held
  })

  it('is free again after work that throws before it ever waits', async () => {
    const lock = pathLock()

    const failing = lock.hold([at('/a')], () => {
      throw new Error('at once')
    })

    await assert.rejects(failing, /at once/)
    assert.equal(await lock.hold([at('/a/b')], async () => 'free'), 'free')
  })

  it('does not wait for itself when its paths overlap', async () => {
    const lock = pathLock()

    assert.equal(await lock.hold([at('/a'), at('/a/b'), at('/a')], async () => 'held'), 'held')
  })

  it('lets a waiting section pass nobody it overlaps, and anybody else', async () => {
    const lock = pathLock()
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const enter = (name: string, ...paths: string[]) =>
      lock.hold(paths.map(at), async () => {
        order.push(name)
        if (name === 'first') await gate.promise
      })
    const all = [
      enter('first', '/a'),
      enter('waits', '/a/b', '/c'),
      enter('behind', '/c/d'),
      enter('free', '/d'),
    ]

    await setImmediate()
    assert.deepEqual(order, ['first', 'free'])
    gate.resolve()
    await Promise.all(all)

    assert.deepEqual(order, ['first', 'free', 'waits', 'behind'])
  })

  it('runs everything once, overlapping sections in the order of arrival and never together', async () => {
    const paths = fc.array(fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/b', '/b/a').map(at), {
      minLength: 1,
      maxLength: 2,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(paths, { maxLength: 12 }),
        fc.infiniteStream(fc.nat(3)),
        async (sections, turns) => {
          const lock = pathLock()
          const begun: number[] = []
          const inside = new Set<number>()

          await Promise.all(
            sections.map((section, index) =>
              lock.hold(section, async () => {
                for (const other of inside) assert.ok(!overlap(section, sections[other] ?? []))
                inside.add(index)
                begun.push(index)
                for (let turn = turns.next().value ?? 0; turn > 0; turn -= 1) await Promise.resolve()
                inside.delete(index)
              }),
            ),
          )

          assert.equal(begun.length, sections.length)
          for (const [place, index] of begun.entries()) {
            const earlier = begun.slice(place + 1).filter((other) => other < index)
            for (const other of earlier) assert.ok(!overlap(sections[index] ?? [], sections[other] ?? []))
          }
        },
      ),
    )
  })
})

function at(path: string): ResourcePath {
  return resourcePath(path.split('/').filter((segment) => segment !== ''))
}

function overlap(some: readonly ResourcePath[], others: readonly ResourcePath[]): boolean {
  return some.some((one) => others.some((other) => contains(one, other) || contains(other, one)))
}

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  at,
  list,
  makeCollection,
  measure,
  newId,
  remove,
  type StoreCase,
  withCode,
  write,
} from './harness.ts'

const WIDE = 5000
const DEEP = 100

export function collectionCases(it: StoreCase): void {
  it('has a root that is a collection, with nothing in it at first', async (subject) => {
    const root = await subject.store.stat(at('/'))

    assert.deepEqual([root?.path, root?.kind, root?.bytes], ['/', 'collection', 0])
    assert.deepEqual(await list(subject, '/'), [])
    assert.deepEqual(await measure(subject, '/'), { bytes: 0, entries: 0 })
  })

  it('makes a collection appear at its commit and not before', async (subject) => {
    const staged = await subject.store.stageCollection(at('/c'), newId())
    assert.equal(await subject.store.stat(at('/c')), null)

    const made = await subject.inTx((tx) => staged.commit(tx, at('/c')))

    assert.deepEqual(await subject.store.stat(at('/c')), made)
    assert.deepEqual([made.kind, made.bytes, made.etag], ['collection', 0, null])
    assert.deepEqual(await list(subject, '/c'), [])
  })

  it('never replaces a file by a collection', async (subject) => {
    await write(subject, '/f', 'file')
    const staged = await subject.store.stageCollection(at('/f'), newId())

    await assert.rejects(subject.inTx((tx) => staged.commit(tx, at('/f'))))
    await staged.discard()

    assert.equal((await subject.store.stat(at('/f')))?.kind, 'file')
  })

  it('lists the members and nothing of their members', async (subject) => {
    await makeCollection(subject, '/c')
    await makeCollection(subject, '/c/d')
    await write(subject, '/c/a', '1')
    await write(subject, '/c/d/deep', '2')
    await write(subject, '/beside', '3')

    assert.deepEqual(await list(subject, '/c'), ['/c/a', '/c/d'])
    assert.deepEqual(await list(subject, '/'), ['/beside', '/c'])
  })

  it('lists the same facts that it states', async (subject) => {
    await makeCollection(subject, '/c')
    await write(subject, '/f', 'content')

    for await (const page of subject.store.list(at('/'))) {
      for (const member of page) assert.deepEqual(await subject.store.stat(member.path), member)
    }
  })

  it('lists nothing where there is no collection', async (subject) => {
    await write(subject, '/f', 'file')

    for (const path of ['/f', '/none', '/f/below']) assert.deepEqual(await list(subject, path), [], path)
  })

  it(`lists ${WIDE} members in pages, each member once`, async (subject) => {
    await makeCollection(subject, '/wide')
    if (subject.folder === null) {
      for (let index = 0; index < WIDE; index += 1) await write(subject, `/wide/${index}`, 'x')
    } else {
      for (let index = 0; index < WIDE; index += 1) {
        writeFileSync(join(subject.folder, 'wide', `${index}`), 'x')
      }
    }

    const pages: number[] = []
    const names = new Set<string>()
    for await (const page of subject.store.list(at('/wide'))) {
      pages.push(page.length)
      for (const member of page) names.add(member.path)
    }

    assert.equal(names.size, WIDE)
    assert.equal(
      pages.reduce((sum, size) => sum + size, 0),
      WIDE,
    )
    assert.ok(pages.length > 1 && Math.max(...pages) <= WIDE / 4, `pages of ${Math.max(...pages)}`)
    const sums: number[] = []
    for await (const { entries } of subject.store.measure(at('/wide'))) sums.push(entries)
    assert.ok(sums.length > 2, 'a long count says how far it is')
    assert.deepEqual(sums, [...sums].sort(ascending))
    assert.deepEqual(await measure(subject, '/wide'), { bytes: WIDE, entries: WIDE + 1 })
  })

  it('can stop in the middle of a listing', async (subject) => {
    for (const name of ['a', 'b', 'c']) await write(subject, `/${name}`, 'x')

    for await (const page of subject.store.list(at('/'))) {
      assert.ok(page.length > 0)
      break
    }

    await write(subject, '/d', 'x')
    assert.equal((await list(subject, '/')).length, 4)
  })

  it(`works ${DEEP} collections deep`, async (subject) => {
    let path = ''
    for (let level = 0; level < DEEP; level += 1) {
      path += `/level ${level}`
      await makeCollection(subject, path)
    }
    await write(subject, `${path}/leaf`, 'leaf')

    assert.deepEqual(await list(subject, path), [`${path}/leaf`])
    assert.deepEqual(await measure(subject, '/'), { bytes: 4, entries: DEEP + 1 })
    await remove(subject, '/level 0')
    assert.deepEqual(await measure(subject, '/'), { bytes: 0, entries: 0 })
  })

  it('measures the sum of a tree, the collection itself included unless it is the root', async (subject) => {
    await makeCollection(subject, '/c')
    await makeCollection(subject, '/c/d')
    await write(subject, '/c/a', '12345')
    await write(subject, '/c/d/b', '123')
    await write(subject, '/beside', '12')

    assert.deepEqual(await measure(subject, '/'), { bytes: 10, entries: 5 })
    assert.deepEqual(await measure(subject, '/c'), { bytes: 8, entries: 4 })
    assert.deepEqual(await measure(subject, '/c/a'), { bytes: 5, entries: 1 })
    assert.deepEqual(await measure(subject, '/none'), { bytes: 0, entries: 0 })
  })

  it('measures nothing of what is staged', async (subject) => {
    const staged = await subject.store.stage(at('/a'), newId())
    await staged.append(
      (async function* () {
        yield new Uint8Array(1000)
      })(),
    )

    assert.deepEqual(await measure(subject, '/'), { bytes: 0, entries: 0 })
    await staged.discard()
  })

  it('says how much room its volume has', async (subject) => {
    const space = subject.store.freeSpace()

    assert.ok(space.freeBytes > 0 && space.freeBytes <= space.totalBytes)
    assert.equal(space.freeEntries === null, space.totalEntries === null)
  })

  it('cannot make what the root is', async (subject) => {
    const file = await subject.store.stage(at('/'), newId())
    const collection = await subject.store.stageCollection(at('/'), newId())

    for (const staged of [file, collection]) {
      await assert.rejects(
        subject.inTx((tx) => staged.commit(tx, at('/'))),
        withCode('method-not-allowed'),
      )
      await staged.discard()
    }
  })
}

function ascending(a: number, b: number): number {
  return a - b
}

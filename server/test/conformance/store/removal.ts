import assert from 'node:assert/strict'
import {
  at,
  list,
  makeCollection,
  measure,
  newId,
  read,
  remove,
  type StoreCase,
  withCode,
  write,
} from './harness.ts'

export function removalCases(it: StoreCase): void {
  it('removes a file', async (subject) => {
    await write(subject, '/a', 'gone')
    await write(subject, '/ab', 'stays')

    await remove(subject, '/a')

    assert.equal(await subject.store.stat(at('/a')), null)
    assert.equal(await read(subject, '/ab'), 'stays')
  })

  it('removes a whole tree and nothing beside it', async (subject) => {
    for (const path of ['/c', '/c/d', '/c/d/e', '/cc']) await makeCollection(subject, path)
    for (const path of ['/c/a', '/c/d/b', '/c/d/e/f', '/cc/a']) await write(subject, path, 'x')

    await remove(subject, '/c')

    assert.deepEqual(await list(subject, '/'), ['/cc'])
    assert.deepEqual(await measure(subject, '/'), { bytes: 1, entries: 2 })
    assert.equal(await subject.store.discardStrays(new Set()), 0, 'nothing waits to be taken apart')
  })

  it('lets a removed name begin anew', async (subject) => {
    await makeCollection(subject, '/a')
    await write(subject, '/a/b', 'old')
    await remove(subject, '/a')

    await makeCollection(subject, '/a')

    assert.deepEqual(await list(subject, '/a'), [])
  })

  it('says when there is nothing to remove or to identify', async (subject) => {
    await write(subject, '/f', 'file')

    for (const path of ['/none', '/none/a']) {
      await assert.rejects(subject.store.identify(at(path)), withCode('not-found'))
      await assert.rejects(
        subject.inTx((tx) => subject.store.remove(tx, at(path), newId())),
        withCode('not-found', 'parent-missing'),
      )
    }
  })

  it('identifies a thing by itself and not by its name or content', async (subject) => {
    await write(subject, '/a', 'same')
    await write(subject, '/b', 'same')
    const first = await subject.store.identify(at('/a'))
    assert.equal(await subject.store.identify(at('/a')), first)
    assert.notEqual(await subject.store.identify(at('/b')), first)

    await write(subject, '/a', 'same')

    assert.notEqual(await subject.store.identify(at('/a')), first)
  })

  it('commits the very thing it staged: the identity in the journal is that of the result', async (subject) => {
    const file = await subject.store.stage(at('/f'), newId())
    await file.append(
      (async function* () {
        yield Buffer.from('content')
      })(),
    )
    const collection = await subject.store.stageCollection(at('/c'), newId())

    await subject.inTx((tx) => file.commit(tx, at('/f')))
    await subject.inTx((tx) => collection.commit(tx, at('/c')))

    assert.equal(await subject.store.identify(at('/f')), file.identity)
    assert.equal(await subject.store.identify(at('/c')), collection.identity)
  })
}

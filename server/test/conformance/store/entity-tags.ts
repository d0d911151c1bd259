import assert from 'node:assert/strict'
import { at, makeCollection, read, remove, type StoreCase, write } from './harness.ts'

const OVERWRITES = 2000

export function entityTagCases(it: StoreCase): void {
  it(`never repeats an entity tag in ${OVERWRITES} overwrites of one size in a row (HTTP-31)`, async (subject) => {
    const tags = new Set<string | null>()

    for (let turn = 0; turn < OVERWRITES; turn += 1) {
      tags.add((await write(subject, '/a', `${turn}`.padStart(8))).etag)
    }

    assert.equal(tags.size, OVERWRITES)
  })

  it('never repeats an entity tag after a removal and a new beginning (HTTP-32)', async (subject) => {
    const tags = new Set<string | null>()

    for (let turn = 0; turn < 200; turn += 1) {
      tags.add((await write(subject, '/a', `${turn}`.padStart(8))).etag)
      await remove(subject, '/a')
    }

    assert.equal(tags.size, 200)
  })

  it('keeps the tag while the content stays, whatever happens around it (HTTP-31)', async (subject) => {
    await makeCollection(subject, '/c')
    const { etag, modifiedMs } = await write(subject, '/c/a', 'content')

    await read(subject, '/c/a')
    await write(subject, '/c/b', 'content')
    await remove(subject, '/c/b')
    await makeCollection(subject, '/c/d')

    const after = await subject.store.stat(at('/c/a'))
    assert.deepEqual([after?.etag, after?.modifiedMs], [etag, modifiedMs])
    for await (const page of subject.store.list(at('/c'))) {
      for (const member of page) if (member.path === '/c/a') assert.equal(member.etag, etag)
    }
    const content = await subject.store.open(at('/c/a'))
    assert.equal(content?.resource.etag, etag)
    await content?.close()
  })

  it('gives a collection no tag', async (subject) => {
    const collection = await makeCollection(subject, '/c')

    assert.equal(collection.etag, null)
    assert.equal((await subject.store.stat(at('/')))?.etag, null)
  })
}

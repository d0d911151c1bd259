import assert from 'node:assert/strict'
import {
  at,
  breakingOff,
  chunksOf,
  list,
  makeCollection,
  newId,
  read,
  remove,
  type StoreCase,
  stage,
  withCode,
  write,
} from './harness.ts'

export function contentCases(it: StoreCase): void {
  it('shows nothing of what is staged before its commit', async (subject) => {
    const staged = await stage(subject, '/a', 'new')

    assert.equal(await subject.store.stat(at('/a')), null)
    assert.equal(await subject.store.open(at('/a')), null)
    assert.deepEqual(await list(subject, '/'), [])
    await staged.discard()
  })

  it('shows the whole content after the commit, with the facts the commit returned', async (subject) => {
    const before = Date.now()
    const committed = await write(subject, '/a', 'hello')

    assert.deepEqual(await subject.store.stat(at('/a')), committed)
    assert.deepEqual([committed.path, committed.kind, committed.bytes], ['/a', 'file', 5])
    assert.match(committed.etag ?? '', /^"[^"]+"$/)
    assert.ok(committed.modifiedMs >= before - 1000 && committed.modifiedMs <= Date.now() + 1000)
    assert.equal(await read(subject, '/a'), 'hello')
  })

  it('stores an empty file', async (subject) => {
    const staged = await subject.store.stage(at('/empty'), newId())
    const bytes = await staged.append(chunksOf())
    await subject.inTx((tx) => staged.commit(tx, at('/empty')))

    assert.equal(bytes, 0)
    assert.equal((await subject.store.stat(at('/empty')))?.bytes, 0)
    assert.equal(await read(subject, '/empty'), '')
  })

  it('goes on where the last append ended and returns the total', async (subject) => {
    const staged = await subject.store.stage(at('/a'), newId())

    const first = await staged.append(chunksOf('one ', 'two '))
    const second = await staged.append(chunksOf('three'))
    await subject.inTx((tx) => staged.commit(tx, at('/a')))

    assert.deepEqual([first, second], [8, 13])
    assert.equal(await read(subject, '/a'), 'one two three')
  })

  it('keeps what arrived before a body broke off, so that it can be resumed', async (subject) => {
    const staged = await subject.store.stage(at('/a'), newId())
    await assert.rejects(staged.append(breakingOff('half ')), /the client has gone/)

    const total = await staged.append(chunksOf('and half'))
    await subject.inTx((tx) => staged.commit(tx, at('/a')))

    assert.equal(total, 13)
    assert.equal(await read(subject, '/a'), 'half and half')
  })

  it('leaves the old file untouched when a body breaks off', async (subject) => {
    const before = await write(subject, '/a', 'old')
    const staged = await subject.store.stage(at('/a'), newId())

    await assert.rejects(staged.append(breakingOff('new content')), /the client has gone/)
    await staged.discard()

    assert.deepEqual(await subject.store.stat(at('/a')), before)
    assert.equal(await read(subject, '/a'), 'old')
  })

  it('leaves nothing behind when it is discarded', async (subject) => {
    const file = await stage(subject, '/a', 'new')
    const collection = await subject.store.stageCollection(at('/b'), newId())

    await file.discard()
    await collection.discard()

    assert.deepEqual(await list(subject, '/'), [])
    assert.equal(await subject.store.discardStrays(new Set()), 0)
  })

  it('replaces a file in one step', async (subject) => {
    await write(subject, '/a', 'a rather long old content')
    const staged = await stage(subject, '/a', 'new')
    assert.equal(await read(subject, '/a'), 'a rather long old content')

    await subject.inTx((tx) => staged.commit(tx, at('/a')))

    assert.equal(await read(subject, '/a'), 'new')
    assert.deepEqual(await list(subject, '/'), ['/a'])
  })

  it('lets a reader keep the content it began with while the file is replaced and removed (GET-05)', async (subject) => {
    const old = await write(subject, '/a', 'old content')
    const content = await subject.store.open(at('/a'))
    assert.ok(content !== null)

    await write(subject, '/a', 'new')
    await remove(subject, '/a')

    assert.deepEqual(content.resource, old)
    assert.equal(Buffer.from(content.bytes(0, 10)).toString(), 'old content')
    const parts: Uint8Array[] = []
    for await (const part of content.stream(4, 10)) parts.push(part)
    assert.equal(Buffer.concat(parts).toString(), 'content')
    await content.close()
  })

  it('reads any range of a large file, whole and in chunks', async (subject) => {
    const bytes = Uint8Array.from({ length: 2_500_000 }, (_, index) => (index * 31) % 251)
    const staged = await subject.store.stage(at('/large'), newId())
    const total = await staged.append(chunksOf(bytes.subarray(0, 1_000_001), bytes.subarray(1_000_001)))
    await subject.inTx((tx) => staged.commit(tx, at('/large')))
    const content = await subject.store.open(at('/large'))
    assert.ok(content !== null)

    const parts: Uint8Array[] = []
    for await (const part of content.stream(0, bytes.byteLength - 1)) parts.push(part)

    assert.equal(total, bytes.byteLength)
    assert.equal(Buffer.compare(Buffer.concat(parts), bytes), 0)
    assert.equal(Buffer.compare(content.bytes(999_990, 1_000_010), bytes.subarray(999_990, 1_000_011)), 0)
    await content.close()
  })

  it('opens nothing where there is no file', async (subject) => {
    await makeCollection(subject, '/c')
    await write(subject, '/f', 'file')

    for (const path of ['/', '/c', '/none', '/none/below', '/f/below']) {
      assert.equal(await subject.store.open(at(path)), null, path)
    }
  })

  it('refuses a target whose collection is missing or is a file', async (subject) => {
    await write(subject, '/f', 'file')

    for (const path of ['/none/a', '/f/a']) {
      await assert.rejects(subject.store.stage(at(path), newId()), withCode('parent-missing'))
      await assert.rejects(subject.store.stageCollection(at(path), newId()), withCode('parent-missing'))
    }
  })

  it('refuses a commit whose collection has gone meanwhile, and can still be discarded', async (subject) => {
    await makeCollection(subject, '/c')
    const staged = await stage(subject, '/c/a', 'late')
    await remove(subject, '/c')

    await assert.rejects(
      subject.inTx((tx) => staged.commit(tx, at('/c/a'))),
      withCode('parent-missing', 'not-found'),
    )
    await staged.discard()

    assert.deepEqual(await list(subject, '/'), [])
    assert.equal(await subject.store.discardStrays(new Set()), 0)
  })

  it('never replaces a collection by a file', async (subject) => {
    await makeCollection(subject, '/c')
    const staged = await stage(subject, '/c', 'file')

    await assert.rejects(
      subject.inTx((tx) => staged.commit(tx, at('/c'))),
      withCode('method-not-allowed', 'already-exists'),
    )
    await staged.discard()

    assert.equal((await subject.store.stat(at('/c')))?.kind, 'collection')
  })
}

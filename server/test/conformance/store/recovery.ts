import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClaimKind } from '../../../src/core/ledger.ts'
import {
  at,
  chunksOf,
  list,
  makeCollection,
  newId,
  read,
  type StoreCase,
  type StoreUnderTest,
  write,
} from './harness.ts'

export function recoveryCases(it: StoreCase): void {
  for (const kind of ['put', 'mkcol'] as const) {
    it(`undoes a ${kind} that was staged and never committed`, async (subject) => {
      const id = newId()
      const staged = await begin(subject, kind, id)

      assert.equal(await recover(subject, { id, kind, identity: null }), 'undone')
      assert.equal(await recover(subject, { id, kind, identity: staged.identity }), 'undone')

      assert.deepEqual(await list(subject, '/'), [])
      assert.equal(await subject.store.discardStrays(new Set()), 0)
      await staged.discard()
    })

    it(`finds a ${kind} done once it was committed`, async (subject) => {
      const id = newId()
      const staged = await begin(subject, kind, id)
      const resource = await subject.inTx((tx) => staged.commit(tx, at('/a')))

      assert.equal(await recover(subject, { id, kind, identity: staged.identity }), 'done')
      assert.equal(await recover(subject, { id, kind, identity: staged.identity }), 'done')

      assert.deepEqual(await subject.store.stat(at('/a')), resource)
    })
  }

  it('finds a put undone when nothing of it ever reached the disk', async (subject) => {
    await write(subject, '/a', 'of somebody else')

    assert.equal(await recover(subject, { id: newId(), kind: 'put', identity: null }), 'undone')
    assert.equal(await recover(subject, { id: newId(), kind: 'put', identity: 'gone' }), 'undone')

    assert.equal(await read(subject, '/a'), 'of somebody else')
  })

  it('keeps the old file when the put that was to replace it is undone', async (subject) => {
    await write(subject, '/a', 'old')
    const id = newId()
    const staged = await begin(subject, 'put', id)

    assert.equal(await recover(subject, { id, kind: 'put', identity: staged.identity }), 'undone')

    assert.equal(await read(subject, '/a'), 'old')
    await staged.discard()
  })

  it('leaves alone what was to be removed where that had not begun', async (subject) => {
    await makeCollection(subject, '/a')
    await write(subject, '/a/b', 'x')
    const identity = await subject.store.identify(at('/a'))

    assert.equal(await recover(subject, { id: newId(), kind: 'remove', identity }), 'undone')

    assert.equal(await read(subject, '/a/b'), 'x')
    assert.equal(await subject.store.discardStrays(new Set()), 0)
  })

  it('leaves alone what took the name of the thing to be removed', async (subject) => {
    await write(subject, '/a', 'old')
    const identity = await subject.store.identify(at('/a'))
    await write(subject, '/a', 'new')

    assert.equal(await recover(subject, { id: newId(), kind: 'remove', identity }), 'done')

    assert.equal(await read(subject, '/a'), 'new')
  })

  it('finishes a removal that had begun, once and again', async (subject) => {
    if (subject.folder === null) return
    mkdirSync(join(subject.folder, 'a', 'b'), { recursive: true })
    writeFileSync(join(subject.folder, 'a', 'b', 'c'), 'x')
    const identity = await subject.store.identify(at('/a'))
    renameSync(join(subject.folder, 'a'), join(subject.folder, '.plimsoll', 'trash', 'begun'))

    assert.equal(await recover(subject, { id: 'begun', kind: 'remove', identity }), 'done')
    assert.equal(await recover(subject, { id: 'begun', kind: 'remove', identity }), 'done')

    assert.equal(await subject.store.discardStrays(new Set()), 0)
  })

  it('ends what had begun also where others took the collection around it away (OTH-02)', async (subject) => {
    if (subject.folder === null) return
    const path = at('/gone/a')
    for (const id of ['removed', 'replaced']) {
      mkdirSync(join(subject.folder, '.plimsoll', 'trash', id, 'b'), { recursive: true })
    }

    const removal = await subject.store.recover({ id: 'removed', kind: 'remove', identity: 'its', path })
    const move = await subject.store.recover({ id: 'replaced', kind: 'move', identity: 'its', path })

    assert.deepEqual([removal, move], ['done', 'undone'])
    assert.equal(await subject.store.discardStrays(new Set()), 0)
    assert.ok(
      existsSync(join(subject.folder, 'put-back-replaced', 'b')),
      'what was to be replaced is not lost',
    )
    assert.equal(existsSync(join(subject.folder, 'put-back-removed')), false)
  })

  it('gives back what stepped aside also where others have taken its name (OTH-02)', async (subject) => {
    if (subject.folder === null) return
    mkdirSync(join(subject.folder, '.plimsoll', 'trash', 'replaced', 'b'), { recursive: true })
    writeFileSync(join(subject.folder, 'taken'), 'by another program')

    const move = await subject.store.recover({
      id: 'replaced',
      kind: 'move',
      identity: 'its',
      path: at('/taken'),
    })

    assert.equal(move, 'undone')
    assert.equal(readFileSync(join(subject.folder, 'taken'), 'utf8'), 'by another program')
    assert.ok(existsSync(join(subject.folder, 'put-back-replaced', 'b')))
  })

  it('clears what is staged but for what is known, and counts it', async (subject) => {
    const kept = await begin(subject, 'put', 'kept')
    const stray = await begin(subject, 'put', 'stray-file')
    await begin(subject, 'mkcol', 'stray-collection')

    assert.equal(await subject.store.discardStrays(new Set(['kept'])), 2)
    assert.equal(await subject.store.discardStrays(new Set(['kept'])), 0)

    await stray.discard()
    await subject.inTx((tx) => kept.commit(tx, at('/a')))
    assert.equal(await read(subject, '/a'), 'content')
  })
}

async function begin({ store }: StoreUnderTest, kind: ClaimKind, id: string) {
  if (kind === 'mkcol') return await store.stageCollection(at('/a'), id)
  const staged = await store.stage(at('/a'), id)
  await staged.append(chunksOf('content'))
  return staged
}

interface Recovered {
  readonly id: string
  readonly kind: ClaimKind
  readonly identity: string | null
}

function recover({ store }: StoreUnderTest, claim: Recovered): Promise<'done' | 'undone'> {
  return store.recover({ ...claim, path: at('/a') })
}

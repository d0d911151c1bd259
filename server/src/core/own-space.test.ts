import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withSpaces } from '../../test/conformance/state/harness.ts'
import {
  at,
  copy,
  limit,
  mkcol,
  move,
  putText,
  requireSettled,
  sceneOf,
  UNCONDITIONAL,
} from '../../test/fault/harness.ts'
import type { Deps } from './deps.ts'
import type { Space, SpaceLimits } from './ledger.ts'
import { updateProperties } from './proppatch.ts'

const TRANSFERS = { COPY: copy, MOVE: move } as const

for (const [method, transfer] of Object.entries(TRANSFERS)) {
  describe(`${method} onto a file that took the place of a folder with a limit`, () => {
    it('needs room for the whole tree, because the file was charged outside (STOR-05)', async (test) => {
      const { deps, folder } = sceneOf(test)
      await fileInPlaceOfFolder(deps, { limitBytes: 100 })
      await tree(deps, '/tree', 150)
      await tree(deps, '/small', 100)

      await assert.rejects(transfer(deps, '/tree', '/box'), { code: 'quota-exceeded' })
      await transfer(deps, '/small', '/box')

      assert.equal((await spaceAt(deps, '/box')).usedBytes, 100)
      await requireSettled(deps, folder)
    })

    it('takes a file that its limit would not, because that is charged outside too (MX-11)', async (test) => {
      const { deps, folder } = sceneOf(test)
      await fileInPlaceOfFolder(deps, { limitBytes: 50 })
      await putText(deps, '/file', 'x'.repeat(150))

      await putText(deps, '/box', 'x'.repeat(120))
      await transfer(deps, '/file', '/box')

      assert.equal((await spaceAt(deps, '/box')).usedBytes, 0)
      await requireSettled(deps, folder)
    })
  })

  describe(`${method} of a tree to where a limit is`, () => {
    it('takes exactly as many members as may be in it, its own name not counted (STOR-05)', async (test) => {
      const { deps, folder } = sceneOf(test)
      await withSpaces(deps.state, [{ path: at('/box'), kind: 'collection', limitBytes: 2, limitEntries: 2 }])
      await tree(deps, '/three', 1, 3)
      await tree(deps, '/two', 1, 2)

      await assert.rejects(transfer(deps, '/three', '/box'), { code: 'quota-exceeded' })
      await transfer(deps, '/two', '/box')

      const { usedBytes, usedEntries, reservedEntries } = await spaceAt(deps, '/box')
      assert.deepEqual([usedBytes, usedEntries, reservedEntries], [2, 2, 0])
      await requireSettled(deps, folder)
    })
  })
}

describe('MOVE of a folder that has a limit of its own', () => {
  it('ends that limit where the configuration has set one, and is judged by the latter', async (test) => {
    const { deps, folder } = sceneOf(test)
    await withSpaces(deps.state, [
      { path: at('/box'), kind: 'collection', limitBytes: 60, limitEntries: null },
    ])
    await tree(deps, '/small', 40)
    await tree(deps, '/large', 90)
    await setProperty(deps, '/small/0', 'precious')
    for (const path of ['/small', '/large']) await limit(deps, path, { limitBytes: 1000 })

    await assert.rejects(move(deps, '/large', '/box'), { code: 'quota-exceeded' })
    await move(deps, '/small', '/box')

    assert.deepEqual(await limitsOf(deps), ['/ null', '/box 60', '/large 1000'])
    assert.equal((await spaceAt(deps, '/box')).usedBytes, 40 + 'precious'.length)
    const properties = (await deps.state.properties.of([at('/box/0')])).get(at('/box/0')) ?? []
    assert.ok(properties.some(({ value }) => value === 'precious'))
    await requireSettled(deps, folder)
  })

  it('is not refused by a limit that it ends, neither of bytes nor of a file (STOR-12)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await mkcol(deps, '/outer')
    await tree(deps, '/a', 90)
    await mkcol(deps, '/outer/b')
    await limit(deps, '/outer', { limitBytes: 95 })
    await limit(deps, '/a', { limitBytes: 1000 })
    await limit(deps, '/outer/b', { limitBytes: 10, limitFileBytes: 10 })

    await move(deps, '/a', '/outer/b')

    assert.deepEqual(await limitsOf(deps), ['/ null', '/outer 95', '/outer/b 1000'])
    assert.equal((await spaceAt(deps, '/outer')).usedBytes, 90)
    await requireSettled(deps, folder)
  })

  it('is refused by every other limit that it enters (MX-31)', async (test) => {
    const { deps } = sceneOf(test)
    for (const path of ['/bytes', '/bytes/b', '/files', '/files/b']) await mkcol(deps, path)
    await tree(deps, '/a', 90)
    await limit(deps, '/a', { limitBytes: 1000 })
    await limit(deps, '/bytes', { limitBytes: 80 })
    await limit(deps, '/files', { limitFileBytes: 80 })

    await assert.rejects(move(deps, '/a', '/bytes/b'), { code: 'quota-exceeded' })
    await assert.rejects(move(deps, '/a', '/files/b'), { code: 'copy-too-large' })
  })
})

describe('an upload into a folder that moves away with its limit', () => {
  it('holds no more room there than that limit has given it (STOR-05)', async (test) => {
    const { deps, folder } = sceneOf(test, { growthStepBytes: 1 })
    await mkcol(deps, '/a')
    await limit(deps, '/a', { limitBytes: 100 })
    const [hasTen, hasMoved] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const [isCovered, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const body = async function* () {
      yield Buffer.alloc(10)
      hasTen.resolve()
      await hasMoved.promise
      yield Buffer.alloc(1000)
      isCovered.resolve()
      await mayEnd.promise
    }
    const upload = assert.rejects(putText(deps, '/a/f', '', { body: body() }), { code: 'parent-missing' })
    await hasTen.promise

    await move(deps, '/a', '/b')
    hasMoved.resolve()
    await isCovered.promise

    assert.equal((await spaceAt(deps, '/b')).reservedBytes, 0)
    await putText(deps, '/b/g', 'y'.repeat(100))
    mayEnd.resolve()
    await upload
    await requireSettled(deps, folder)
  })
})

/** A collection with so many files of so many bytes each. */
async function tree(deps: Deps, path: string, bytes: number, files = 1): Promise<void> {
  await mkcol(deps, path)
  for (let number = 0; number < files; number++) await putText(deps, `${path}/${number}`, 'x'.repeat(bytes))
}

/** A file of 100 bytes at `/box`, where a folder was given a limit. */
async function fileInPlaceOfFolder(deps: Deps, limits: Partial<SpaceLimits>): Promise<void> {
  await mkcol(deps, '/box')
  await limit(deps, '/box', limits)
  await putText(deps, '/other', 'x'.repeat(100))
  await copy(deps, '/other', '/box')
}

async function setProperty(deps: Deps, path: string, value: string): Promise<void> {
  const changes = [{ ns: 'urn:z', local: 'note', value, chargedBytes: value.length }]
  const update = { path: at(path), guard: UNCONDITIONAL, modifiedMs: null, refused: null, changes }
  assert.equal(await updateProperties(deps, update), null)
}

async function spaceAt(deps: Deps, path: string): Promise<Space> {
  const space = (await deps.state.ledger.spaces()).find((one) => one.path === path)
  assert.ok(space !== undefined, `${path} is no space`)
  return space
}

async function limitsOf(deps: Deps): Promise<readonly string[]> {
  return (await deps.state.ledger.spaces()).map(({ path, limitBytes }) => `${path} ${limitBytes}`)
}

import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { eventually } from '../../../test/support/eventually.ts'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { cannotMount } from '../../../test/support/tools.ts'
import { mountedVolume } from '../../../test/support/volume.ts'
import { type ResourcePath, ROOT, resourcePath } from '../../core/path.ts'
import { watchFolder } from './watch.ts'

describe('watchFolder', () => {
  it('tells of members that come, change and go, by the collection (OTH-01)', async (test) => {
    const { folder, watch, told } = watching(test, 'a/b')
    for (const path of [ROOT, at('/a'), at('/a/b')]) assert.equal(watch.add(path), 'new')

    writeFileSync(join(folder, 'a', 'b', 'f'), 'content')
    await eventually('it is told', () => told.has('/a/b f') && told.has('/a/b'))
    rmSync(join(folder, 'a'), { recursive: true })
    await eventually('it is told', () => told.has('/ a') && told.has('/a b'))
    assert.equal(watch.count(), 3)
  })

  it('tells nothing of the files of the server itself (OTH-01)', async (test) => {
    const { folder, watch, told } = watching(test, '.plimsoll/stage')
    watch.add(ROOT)

    rmSync(join(folder, '.plimsoll'), { recursive: true })
    writeFileSync(join(folder, 'last'), '')
    await eventually('the last is told', () => told.has('/ last'))

    assert.deepEqual(
      [...told].filter((line) => line.includes('plimsoll')),
      [],
    )
  })

  it('follows no link, and says of a name when another folder has taken it (URI-20, OTH-01)', async (test) => {
    const { folder, watch } = watching(test, 'a', 'b')
    symlinkSync(temporaryFolder(test), join(folder, 'link'))
    watch.add(ROOT)
    watch.add(at('/link'))

    const first = [watch.has(at('/link')), watch.add(at('/a')), watch.add(at('/a'))]
    rmSync(join(folder, 'a'), { recursive: true })
    renameSync(join(folder, 'b'), join(folder, 'a'))

    assert.deepEqual(first, [false, 'new', 'kept'])
    assert.equal(watch.add(at('/a')), 'replaced')
  })

  it('goes on telling of a folder by its new name when that was moved (OTH-01)', async (test) => {
    const { folder, watch, told } = watching(test, 'old')
    watch.add(ROOT)
    watch.add(at('/old'))

    renameSync(join(folder, 'old'), join(folder, 'new'))
    assert.equal(watch.add(at('/new')), 'new')
    watch.forget(at('/old'))
    writeFileSync(join(folder, 'new', 'f'), '')
    await eventually('it is told', () => told.has('/new f'))

    assert.equal(watch.has(at('/old')), false)
  })

  it('says so when more happened than the system could tell (OTH-01)', async (test) => {
    const { folder, watch, told } = watching(test)
    watch.add(ROOT)

    // Without a turn of the event loop in between, and never the same event twice in a row, which would be one.
    for (let turn = 0; turn < 10_000; turn += 1) {
      writeFileSync(join(folder, 'x'), '')
      rmSync(join(folder, 'x'))
    }

    await eventually('it is said', () => told.has('missed'))
  })

  it('does not watch another file system in the folder', { skip: cannotMount() }, async (test) => {
    const other = mountedVolume(test, 'tmpfs', { sizeBytes: 1024 * 1024 })
    const { watch, told } = watching(test, { folder: join(other, '..') })
    watch.add(ROOT)
    watch.add(at('/mount'))

    writeFileSync(join(other, 'f'), '')
    writeFileSync(join(other, '..', 'last'), '')
    await eventually('the last is told', () => told.has('/ last'))

    assert.ok(watch.has(at('/mount')))
    assert.deepEqual(
      [...told].filter((line) => line.startsWith('/mount')),
      [],
    )
  })

  it('tells nothing once it is closed, and does nothing any more', async (test) => {
    const { folder, watch, told } = watching(test, 'a')
    watch.add(ROOT)

    watch.close()
    writeFileSync(join(folder, 'f'), '')
    const other = watching(test, { folder })
    other.watch.add(ROOT)
    writeFileSync(join(folder, 'g'), '')
    await eventually('the other one is told', () => other.told.has('/ g'))

    assert.equal(watch.add(at('/a')), 'kept')
    assert.deepEqual([[...told], watch.count()], [[], 0])
  })
})

function watching(test: TestContext, ...names: readonly (string | { readonly folder: string })[]) {
  const given = names.find((name) => typeof name !== 'string')
  const folder = given?.folder ?? temporaryFolder(test)
  for (const name of names) if (typeof name === 'string') mkdirSync(join(folder, name), { recursive: true })
  const told = new Set<string>()
  const watch = watchFolder(folder)({
    changed: (path, name) => told.add(name === null ? path : `${path} ${name}`),
    missed: () => told.add('missed'),
    failed: (failure) => told.add(String(failure)),
  })
  test.after(() => watch.close())
  return { folder, watch, told }
}

function at(path: string): ResourcePath {
  return resourcePath(path.split('/').filter((segment) => segment !== ''))
}

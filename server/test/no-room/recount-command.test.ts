import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { plimsoll, scene } from '../support/operator.ts'
import { lock, setting, update } from '../support/spawned.ts'

describe('plimsoll check and plimsoll recount', () => {
  /** What another program may do behind the server's back. */
  function plant(folder: string): void {
    writeFileSync(join(folder, 'team', 'added'), 'x'.repeat(500))
    truncateSync(join(folder, 'team', 'b'), 100)
    mkdirSync(join(folder, 'new'))
    writeFileSync(join(folder, 'new', 'c'), 'x'.repeat(40))
    rmSync(join(folder, 'gone'), { recursive: true })
  }

  function filesIn(folder: string): readonly string[] {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('.plimsoll'))
      .map((name) => {
        const { size, mtimeMs } = statSync(join(folder, name))
        return `${name} ${size} ${mtimeMs}`
      })
  }

  it('find a drift by folder and change nothing, then make it right and say what it was (QUOTA-17)', async (test) => {
    const { folder, server } = await scene(test)
    await ask(server, 'MKCOL /gone')
    await ask(server, 'PUT /gone/d', { body: 'x'.repeat(30) })
    await plimsoll('space', 'set', '/team', folder, '--limit', '1MiB')
    const clean = await plimsoll('check', folder)
    plant(folder)
    const before = filesIn(folder)

    const first = await plimsoll('check', folder)
    const second = await plimsoll('check', folder)
    const same = filesIn(folder)
    const recounted = await plimsoll('recount', folder)
    const after = await plimsoll('check', folder)

    assert.deepEqual([clean.code, first.code, second.code, recounted.code, after.code], [0, 3, 3, 0, 0])
    assert.equal(second.stdout, first.stdout)
    assert.deepEqual(same, before)
    const drift = (path: string, recorded: string, counted: string) =>
      `${path}\n  recorded ${recorded}\n  counted  ${counted}\n`
    for (const said of [
      drift('/team', '3000 bytes in 2 files and folders', '1600 bytes in 3 files and folders'),
      drift('/new', 'no such folder', '40 bytes in 1 files and folders'),
      drift('/gone', '30 bytes in 1 files and folders', 'no such folder'),
    ]) {
      assert.ok(first.stdout.includes(said), first.stdout)
      assert.ok(recounted.stdout.includes(said), recounted.stdout)
    }
    assert.match(
      after.stdout,
      /6 files and folders with 1\.6 KiB \([\d.]+ KiB on the disk\) below \/: nothing differs\.\n$/,
    )
    const shown = await plimsoll('space', 'show', '/team', folder)
    assert.match(shown.stdout, /files +1\.56 KiB \(1600 bytes\) in 3 files and folders/)
    await server.stop()
    assert.match(server.log(), /a recount has corrected a folder/)
  })

  it('find properties and locks of what is gone, and a limit that ends with its folder (QUOTA-17)', async (test) => {
    const { folder, server } = await scene(test)
    await update(server, '/team/a', setting('z:note', 'x'.repeat(900)))
    await lock(server, '/team/b')
    await ask(server, 'MKCOL /limited')
    await plimsoll('space', 'set', '/limited', folder, '--limit', '1000')
    for (const name of ['team/a', 'team/b', 'limited']) rmSync(join(folder, name), { recursive: true })

    const checked = await plimsoll('check', folder)
    const recounted = await plimsoll('recount', folder)
    const after = await plimsoll('check', folder)

    assert.deepEqual([checked.code, recounted.code, after.code], [3, 0, 0])
    assert.match(checked.stdout, /\/team\/a\n {2}is gone, its properties or locks are recorded\n/)
    assert.match(checked.stdout, /3 folders differ, 2 things are gone and have properties or locks\./)
    assert.match(recounted.stdout, /3 folders corrected, 2 things are gone and forgotten\./)
    assert.match(
      recounted.stdout,
      /\/limited\n {2}recorded 0 bytes in 0 .*\n.*no such folder\n {2}limits {3}\/limited:limit=1000 B have ended\n/,
    )
    assert.match(server.log(), /"space":"\/limited".*limits set by command have ended/)
    const list = await plimsoll('space', 'list', folder)
    assert.match(list.stdout, /^\/ {2}0 B /)
  })

  it('work without a server, and on one folder alone', async (test) => {
    const { folder, server } = await scene(test)
    await server.stop()
    writeFileSync(join(folder, 'team', 'added'), 'x')
    writeFileSync(join(folder, 'beside'), 'x')

    const checked = await plimsoll('check', folder, '--path', '/team')
    const recounted = await plimsoll('recount', folder, '--path', '/team')
    const whole = await plimsoll('check', folder)

    assert.deepEqual([checked.code, recounted.code, whole.code], [3, 0, 3])
    assert.match(recounted.stdout, /below \/team: 1 folder corrected/)
    assert.match(
      whole.stdout,
      /^\/\n {2}recorded 0 bytes in 1 files and folders\n {2}counted {2}1 bytes in 2/,
    )
  })

  it('tell what files take on the disk apart from their lengths', async (test) => {
    const { folder } = await scene(test)
    await plimsoll('space', 'set', '/team', folder, '--limit', '1GiB')
    const sparse = join(folder, 'team', 'sparse')
    writeFileSync(sparse, '')
    truncateSync(sparse, 64 * 1024 * 1024)

    const recounted = await plimsoll('recount', folder, '--path', '/team')
    const shown = await plimsoll('space', 'show', '/team', folder, '--allocated')

    assert.match(recounted.stdout, /with 64 MiB \([\d.]+ KiB on the disk\) below \/team: 1 folder corrected/)
    assert.match(
      shown.stdout,
      /files +64 MiB \(67111864 bytes\) in 3 files and folders\n {2}on the disk +[\d.]+ KiB\n/,
    )
  })

  it('say so where there is nothing to check', async (test) => {
    const ended = await plimsoll('check', join(temporaryFolder(test), 'none'))

    const { folder } = await scene(test)
    const nowhere = await plimsoll('check', folder, '--path', '/nowhere')

    assert.deepEqual([ended.code, nowhere.code], [1, 1])
    assert.match(nowhere.stderr, /there is no folder \/nowhere\nName one that clients see/)
    assert.match(ended.stderr, /there is no state of a server in .*\nName the folder that is served/)
  })
})

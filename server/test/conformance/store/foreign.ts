import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { at, list, measure, newId, read, remove, type StoreCase, withCode, write } from './harness.ts'

// A folder is shared with everybody who has an account on the machine. Drivers whose tree is not a folder have
// nothing to show here.
export function foreignCases(it: StoreCase): void {
  it('serves what others put there and counts it', async (subject) => {
    if (subject.folder === null) return
    mkdirSync(join(subject.folder, 'c'))
    writeFileSync(join(subject.folder, 'c', 'a'), 'foreign')
    linkSync(join(subject.folder, 'c', 'a'), join(subject.folder, 'hard link'))

    assert.equal(await read(subject, '/c/a'), 'foreign')
    assert.deepEqual(await list(subject, '/'), ['/c', '/hard link'])
    assert.deepEqual(await measure(subject, '/'), { bytes: 14, entries: 3 })
  })

  it('shows no links, pipes, sockets and devices, and opens none', async (subject) => {
    if (subject.folder === null) return
    const names = await plantSpecial(subject.folder)

    assert.deepEqual(await list(subject, '/'), [])
    for (const name of names) {
      assert.equal(await subject.store.stat(at(`/${name}`)), null, name)
      assert.equal(await subject.store.open(at(`/${name}`)), null, name)
    }
    assert.deepEqual(await measure(subject, '/'), { bytes: 0, entries: 0 })
  })

  it('leaves links, pipes, sockets and devices alone: nothing is stored over them (URI-20)', async (subject) => {
    if (subject.folder === null) return
    const names = await plantSpecial(subject.folder)

    for (const name of names) {
      await assert.rejects(subject.store.stage(at(`/${name}`), newId()), withCode('forbidden'), name)
      await assert.rejects(subject.store.requireCommittable(at(`/${name}`)), withCode('forbidden'), name)
      await assert.rejects(
        subject.store.stageCollection(at(`/${name}`), newId()),
        withCode('forbidden'),
        name,
      )
    }
  })

  it('follows no link on the way, to wherever it leads (URI-20)', async (subject) => {
    if (subject.folder === null) return
    const outside = mkdtempSync(join(tmpdir(), 'plimsoll-outside-'))
    mkdirSync(join(outside, 'sub'))
    writeFileSync(join(outside, 'secret'), 'secret')
    symlinkSync(outside, join(subject.folder, 'out'))
    mkdirSync(join(subject.folder, 'real'))
    symlinkSync('real', join(subject.folder, 'in'))

    for (const path of ['/out/secret', '/out/sub', '/in/a']) {
      assert.equal(await subject.store.stat(at(path)), null, path)
      assert.equal(await subject.store.open(at(path)), null, path)
      await assert.rejects(subject.store.stage(at(path), newId()), withCode('parent-missing'))
      await assert.rejects(
        subject.inTx((tx) => subject.store.remove(tx, at(path), newId())),
        withCode('parent-missing', 'not-found'),
      )
    }
    assert.deepEqual(await list(subject, '/out'), [])
    assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'secret')
    rmSync(outside, { recursive: true })
  })

  it('removes a link in a tree and not what it points to (URI-20)', async (subject) => {
    if (subject.folder === null) return
    const outside = mkdtempSync(join(tmpdir(), 'plimsoll-outside-'))
    writeFileSync(join(outside, 'precious'), 'precious')
    mkdirSync(join(subject.folder, 'c'))
    symlinkSync(outside, join(subject.folder, 'c', 'link'))

    await remove(subject, '/c')

    assert.ok(existsSync(join(outside, 'precious')))
    rmSync(outside, { recursive: true })
  })

  it('shows none of the names that are its own, at any level and in any case', async (subject) => {
    if (subject.folder === null) return
    for (const name of ['c', 'c/.plimsoll', 'c/.PLIMSOLL']) mkdirSync(join(subject.folder, name))
    writeFileSync(join(subject.folder, 'c', '.plimsoll', 'state'), 'not to be counted')

    assert.deepEqual(await list(subject, '/'), ['/c'])
    assert.deepEqual(await list(subject, '/c'), [])
    assert.deepEqual(await measure(subject, '/'), { bytes: 0, entries: 1 })
  })

  it('hides names that no URL can carry, yet counts what lies under them', async (subject) => {
    if (subject.folder === null) return
    for (const name of ['back\\slash', 'new\nline', 'tab\there', 'delete\x7f']) {
      mkdirSync(join(subject.folder, name))
      writeFileSync(join(subject.folder, name, name), '12345')
    }
    await write(subject, '/ordinary', '1')

    assert.deepEqual(await list(subject, '/'), ['/ordinary'])
    assert.deepEqual(await measure(subject, '/'), { bytes: 21, entries: 9 })
  })

  it('hides names that are no text, yet counts what lies under them, and removes it', async (subject) => {
    if (subject.folder === null) return
    const raw = (above: string | Buffer, ...bytes: number[]) =>
      Buffer.concat([Buffer.from(above), Buffer.from('/'), Buffer.from(bytes)])
    mkdirSync(join(subject.folder, 'c'))
    writeFileSync(raw(join(subject.folder, 'c'), 0xff, 0xfe), '12345')
    const directory = raw(join(subject.folder, 'c'), 0xe4)
    for (const path of [directory, raw(directory, 0xf6)]) mkdirSync(path)
    for (const path of [raw(directory, 0x61), raw(raw(directory, 0xf6), 0xfc)]) writeFileSync(path, '123')

    assert.deepEqual(await list(subject, '/c'), [])
    assert.deepEqual(await measure(subject, '/'), { bytes: 11, entries: 6 })
    assert.deepEqual((await subject.store.tally(at('/c')))?.totals, { bytes: 11, entries: 5 })
    await remove(subject, '/c')
    assert.deepEqual(await measure(subject, '/'), { bytes: 0, entries: 0 })
  })

  it('lists, counts and removes a tree that is deeper than any path the system takes', async (subject) => {
    if (subject.folder === null || process.platform !== 'linux') return
    const names = Array.from({ length: 60 }, () => 'd'.repeat(250))
    plantDeep(subject.folder, names)
    const path = `/${names.join('/')}`

    assert.deepEqual(await measure(subject, '/'), { bytes: 4, entries: 61 })
    assert.deepEqual(await list(subject, path), [`${path}/leaf`])
    assert.equal(await read(subject, `${path}/leaf`), 'leaf')
    await remove(subject, `/${names[0]}`)
    assert.deepEqual(await measure(subject, '/'), { bytes: 0, entries: 0 })
    plantDeep(join(subject.folder, '.plimsoll', 'trash'), ['id', ...names])
    plantDeep(join(subject.folder, '.plimsoll', 'trash'), ['id-', ...names])
    const begun = { id: 'id', kind: 'remove', path: at('/gone'), identity: 'gone' } as const
    assert.equal(await subject.store.recover(begun), 'done')
    assert.equal(await subject.store.discardStrays(new Set()), 0)
  })

  it('says that a file was cut while it was read', async (subject) => {
    if (subject.folder === null) return
    await write(subject, '/a', 'long enough')
    const content = await subject.store.open(at('/a'))
    assert.ok(content !== null)

    writeFileSync(join(subject.folder, 'a'), 'cut')

    assert.throws(() => content.bytes(0, 10), withCode('io-error'))
    await assert.rejects(async () => {
      for await (const _ of content.stream(0, 10));
    }, withCode('io-error'))
    await content.close()
  })
}

/** One of everything that is neither file nor directory. @returns the names */
async function plantSpecial(folder: string): Promise<string[]> {
  writeFileSync(join(folder, '.plimsoll', 'target'), 'target')
  symlinkSync(join(folder, '.plimsoll', 'target'), join(folder, 'to a file'))
  symlinkSync('.plimsoll', join(folder, 'to a directory'))
  symlinkSync('nowhere', join(folder, 'to nothing'))
  symlinkSync('to itself', join(folder, 'to itself'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const names = ['to a file', 'to a directory', 'to nothing', 'to itself', 'pipe', 'socket']
  // A server removes its socket when it closes, so this one is left to a process that is killed.
  const listening = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  try {
    execFileSync(process.execPath, ['-e', listening, join(folder, 'socket')], { stdio: 'ignore' })
  } catch {}
  if (process.getuid?.() === 0) {
    execFileSync('mknod', [join(folder, 'device'), 'c', '1', '3'])
    names.push('device')
  }
  return names
}

/** Collections within each other and a file `leaf` in the last one, each made from within the one above. */
function plantDeep(folder: string, names: readonly string[]): void {
  let handle = openSync(folder, 'r')
  for (const name of names) {
    const within = `/proc/self/fd/${handle}/${name}`
    mkdirSync(within)
    const next = openSync(within, 'r')
    closeSync(handle)
    handle = next
  }
  writeFileSync(`/proc/self/fd/${handle}/leaf`, 'leaf')
  closeSync(handle)
}

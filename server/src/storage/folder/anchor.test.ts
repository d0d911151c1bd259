import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { DavError } from '../../core/errors.ts'
import { type ResourcePath, ROOT, resourcePath } from '../../core/path.ts'
import type { Tx } from '../../core/tx.ts'
import { type AnchoredRoot, anchorRoot } from './anchor.ts'
import { folderStore } from './index.ts'

const TURNS = 500
// On a busy machine the one who swaps has no turn for a while.
const MOST_TURNS = 20_000
const ALLOWED = ['public', '/d/s/f', '/d/s/g']

describe('anchorRoot', () => {
  it('opens the root and every directory below it', (test) => {
    const { folder, root } = anchored(test)
    mkdirSync(join(folder, 'a', 'b'), { recursive: true })
    writeFileSync(join(folder, 'a', 'b', 'f'), 'content')

    assert.deepEqual(namesIn(root, ROOT), ['a'])
    assert.deepEqual(namesIn(root, at('/a')), ['b'])
    assert.deepEqual(namesIn(root, at('/a/b')), ['f'])
  })

  it('finds nothing under a name that is missing or no directory', (test) => {
    const { folder, root } = anchored(test)
    writeFileSync(join(folder, 'f'), '')

    for (const path of ['/none', '/none/a', '/f', '/f/a']) assert.equal(root.open(at(path)), null, path)
  })

  it('finds nothing where a link stands anywhere in the path, to wherever it leads (URI-20)', (test) => {
    const { folder, root } = anchored(test)
    const outside = temporaryFolder(test)
    mkdirSync(join(outside, 'd', 'e'), { recursive: true })
    mkdirSync(join(folder, 'real', 'd', 'e'), { recursive: true })
    symlinkSync(outside, join(folder, 'absolute'))
    symlinkSync('real', join(folder, 'relative'))
    symlinkSync('.', join(folder, 'itself'))
    symlinkSync('..', join(folder, 'real', 'up'))

    for (const link of ['absolute', 'relative', 'itself', 'real/up', 'itself/real', 'real/up/real']) {
      for (const rest of ['', '/d', '/d/e']) {
        assert.equal(root.open(at(`/${link}${rest}`)), null, `${link}${rest}`)
      }
    }
    assert.notEqual(opened(root, at('/real/d/e')), null)
  })

  it('is served through a link itself, which is followed once at the start', (test) => {
    const folder = temporaryFolder(test)
    mkdirSync(join(folder, 'real', 'd'), { recursive: true })
    symlinkSync('real', join(folder, 'link'))
    const root = anchorRoot(join(folder, 'link'))
    test.after(() => root.close())

    assert.deepEqual(namesIn(root, ROOT), ['d'])
    assert.deepEqual(namesIn(root, at('/d')), [])
  })

  it('stays with a directory that is renamed, and finds it under its new name', (test) => {
    const { folder, root } = anchored(test)
    mkdirSync(join(folder, 'old', 'd'), { recursive: true })
    const anchor = opened(root, at('/old'))

    renameSync(join(folder, 'old'), join(folder, 'new'))

    assert.deepEqual(readdirSync(anchor.at()), ['d'])
    assert.equal(root.open(at('/old')), null)
    assert.deepEqual(namesIn(root, at('/new')), ['d'])
  })

  it('goes with the served folder when that is renamed', (test) => {
    const base = temporaryFolder(test)
    mkdirSync(join(base, 'old', 'a'), { recursive: true })
    const root = anchorRoot(join(base, 'old'))
    test.after(() => root.close())

    renameSync(join(base, 'old'), join(base, 'new'))

    assert.deepEqual(namesIn(root, ROOT), ['a'])
    assert.deepEqual(namesIn(root, at('/a')), [])
  })

  it('leaves no directory open, whatever it finds', { skip: process.platform !== 'linux' }, (test) => {
    const { folder, root } = anchored(test)
    mkdirSync(join(folder, 'd', 'e'), { recursive: true })
    symlinkSync('d', join(folder, 'link'))
    const before = readdirSync('/proc/self/fd').length

    for (const path of ['/', '/d', '/none', '/link', '/link/e', `/${'d/'.repeat(3000)}`]) {
      root.open(at(path))?.close()
    }
    assert.throws(() => root.open(at(`/${'x'.repeat(256)}`)), { code: 'ENAMETOOLONG' })

    assert.equal(readdirSync('/proc/self/fd').length, before)
  })
})

describe('a directory that is swapped for a link between two system calls', () => {
  it(`is never followed in ${TURNS} reads and commits (URI-20)`, async (test) => {
    const folder = temporaryFolder(test)
    const outside = temporaryFolder(test)
    // The link stands above the last name: that one alone the kernel could be told not to follow.
    mkdirSync(join(outside, 's'))
    writeFileSync(join(outside, 's', 'f'), 'secret')
    mkdirSync(join(folder, 'd', 's'), { recursive: true })
    writeFileSync(join(folder, 'd', 's', 'f'), 'public')
    symlinkSync(outside, join(folder, 'link'))
    const store = folderStore({ folder, durability: 'none', nowMs: Date.now })
    test.after(() => store.close())
    const stop = await swapping(test, folder)
    const seen = new Set<string | null>()
    let [turn, refused] = [0, 0]
    const hasSeenBoth = (): boolean => refused > 0 && refused < turn

    for (; turn < TURNS || (!hasSeenBoth() && turn < MOST_TURNS); turn += 1) {
      seen.add(await contentOf(store, at('/d/s/f')))
      for await (const page of store.list(at('/d/s'))) for (const { path } of page) seen.add(path)
      try {
        const staged = await store.stage(at('/d/s/g'), `id-${turn}`)
        await staged.append(chunk('public'))
        await staged.commit({} as Tx, at('/d/s/g')).finally(() => staged.discard())
        await store.remove({} as Tx, at('/d/s/g'), `id-${turn}`)
      } catch (error) {
        assert.ok(
          error instanceof DavError && ['parent-missing', 'not-found'].includes(error.code),
          String(error),
        )
        refused += 1
      }
    }

    await stop()
    assert.deepEqual(readdirSync(outside, { recursive: true }).sort(), ['s', 's/f'])
    assert.equal(readFileSync(join(outside, 's', 'f'), 'utf8'), 'secret')
    assert.ok(hasSeenBoth(), `refused ${refused} of ${turn}: it was not swapped in all that time`)
    seen.delete(null)
    assert.ok(
      [...seen].every((each) => ALLOWED.includes(each ?? '')),
      [...seen].join(),
    )
  })
})

function anchored(test: TestContext): { folder: string; root: AnchoredRoot } {
  const folder = temporaryFolder(test)
  const root = anchorRoot(folder)
  test.after(() => root.close())
  return { folder, root }
}

function at(path: string): ResourcePath {
  return resourcePath(path.split('/').filter((segment) => segment !== ''))
}

function opened(root: AnchoredRoot, path: ResourcePath) {
  const anchor = root.open(path)
  assert.ok(anchor !== null, `${path} is not there`)
  return anchor
}

function namesIn(root: AnchoredRoot, path: ResourcePath): string[] {
  const anchor = opened(root, path)
  try {
    return readdirSync(anchor.at()).sort()
  } finally {
    anchor.close()
  }
}

/** Another process that puts `link` in the place of the directory `d` and back, as fast as it can. @returns what ends it */
async function swapping(test: TestContext, folder: string): Promise<() => Promise<unknown>> {
  const script = `
    const { renameSync } = require('node:fs')
    process.chdir(process.argv[1])
    process.stdout.write('begun')
    for (;;) {
      renameSync('d', 'away')
      renameSync('link', 'd')
      for (let spin = 0; spin < 2e5; spin += 1);
      renameSync('d', 'link')
      renameSync('away', 'd')
      for (let spin = 0; spin < 2e5; spin += 1);
    }`
  const child = spawn(process.execPath, ['-e', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  test.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return () => {
    child.kill('SIGKILL')
    return once(child, 'exit')
  }
}

async function contentOf(store: ReturnType<typeof folderStore>, path: ResourcePath): Promise<string | null> {
  const content = await store.open(path)
  if (content === null) return null
  const text = Buffer.from(content.bytes(0, content.resource.bytes - 1)).toString()
  await content.close()
  return text
}

async function* chunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

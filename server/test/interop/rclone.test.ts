import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { KIB, randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'
import { lock } from './lock-request.ts'
import { type Ended, run } from './program.ts'
import { checksumsOf, DIFFICULT_NAMES, differences, makeTree } from './tree.ts'

const VENDORS = ['other', 'owncloud'] as const

describe('rclone', { skip: missingTool('rclone') }, () => {
  for (const vendor of VENDORS) {
    it(`copies a tree in and out as vendor ${vendor}, and finds it equal (RCL-01, RCL-03)`, async (test) => {
      const { server, local, rclone } = await remote(test, vendor)
      makeTree(local, { files: 60, folders: 6 })
      const back = temporaryFolder(test)

      const steps = [
        await rclone('copy', local, 'dav:tree', '--create-empty-src-dirs'),
        await rclone('check', '--download', local, 'dav:tree'),
        await rclone('copy', 'dav:tree', back, '--create-empty-src-dirs'),
      ]

      assert.deepEqual(steps.map(failure), steps.map(noFailure))
      const expected = checksumsOf(local)
      assert.deepEqual(differences(checksumsOf(join(server.folder, 'tree')), expected), [])
      assert.deepEqual(differences(checksumsOf(back), expected), [])
    })

    it(`synchronizes, moves, renames and deletes as vendor ${vendor} (RCL-01, RCL-03)`, async (test) => {
      const { server, local, rclone } = await remote(test, vendor)
      makeTree(local, { files: 20, folders: 4 })

      const first = await rclone('sync', local, 'dav:tree')
      rmSync(join(local, 'folder 0', 'file-12.bin'))
      writeFileSync(join(local, 'folder 0', 'file-16.bin'), randomBytes(1234))
      const second = await rclone('sync', local, 'dav:tree')
      const synchronized = checksumsOf(join(server.folder, 'tree'))
      const moves = [
        await rclone('moveto', 'dav:tree/folder 0', 'dav:moved'),
        await rclone('moveto', 'dav:moved/file-16.bin', 'dav:renamed.bin'),
        await rclone('move', 'dav:tree/folder 2', 'dav:into'),
        await rclone('copyto', 'dav:renamed.bin', 'dav:copied.bin'),
        await rclone('mkdir', 'dav:made/below'),
        await rclone('deletefile', 'dav:renamed.bin'),
        await rclone('purge', 'dav:made'),
        await rclone('delete', 'dav:into'),
      ]

      assert.deepEqual([first, second].map(failure), ['', ''])
      assert.deepEqual(synchronized, checksumsOf(local))
      assert.deepEqual(moves.map(failure), moves.map(noFailure))
      const left = Object.keys(checksumsOf(server.folder))
      assert.ok(left.includes('copied.bin') && left.includes('moved/below 1'), left.join('\n'))
      assert.ok(!left.includes('made') && !left.includes('renamed.bin'), left.join('\n'))
      assert.deepEqual(
        left.filter((path) => path.startsWith('into/') && path.includes('.')),
        [],
      )
    })

    it(`is told the space as vendor ${vendor} (RCL-01)`, async (test) => {
      const { server, rclone } = await remote(test, vendor)
      await ask(server, 'PUT /a.bin', { body: randomBytes(40 * KIB) })

      const about = await rclone('about', 'dav:', '--json')

      assert.equal(failure(about), '')
      assert.deepEqual(JSON.parse(about.stdout), {
        total: 1024 * KIB * 20,
        used: 40 * KIB,
        free: 20440 * KIB,
      })
    })

    it(`gives up at once where the server is full as vendor ${vendor}, and shows why (RCL-02, RCL-04)`, async (test) => {
      const { server, local, rclone } = await remote(test, vendor, 10 * KIB)
      writeFileSync(join(local, 'small.bin'), randomBytes(KIB))
      writeFileSync(join(local, 'large.bin'), randomBytes(20 * KIB))

      const copied = await rclone('copy', local, 'dav:', '--retries', '1', '--low-level-retries', '10')

      const puts = server.log.requests.filter(({ method, path }) => method === 'PUT' && path === '/large.bin')
      assert.notEqual(copied.code, 0)
      assert.match(copied.stderr, /507 Insufficient Storage/)
      assert.deepEqual(
        puts.map(({ status }) => status),
        [507],
      )
      assert.deepEqual(Object.keys(checksumsOf(server.folder)), ['small.bin'])
      assert.deepEqual(server.strays(), [])
    })
  }

  it('keeps the times of files by X-OC-Mtime as vendor owncloud (RCL-03)', async (test) => {
    const { server, local, rclone } = await remote(test, 'owncloud')
    const file = join(local, 'old.txt')
    writeFileSync(file, 'old')
    utimesSync(file, 1_000_000_000, 1_000_000_000)

    const copied = await rclone('copy', local, 'dav:')
    const again = await rclone('copy', local, 'dav:')

    assert.deepEqual([copied, again].map(failure), ['', ''])
    // The server uses the fraction of the second to tell versions apart.
    assert.equal(Math.floor(statSync(join(server.folder, 'old.txt')).mtimeMs / 1000), 1_000_000_000)
    assert.equal(server.log.requests.filter(({ method }) => method === 'PUT').length, 1)
  })

  it('carries names that need escaping there and back (RCL-01)', async (test) => {
    const { server, local, rclone } = await remote(test, 'other')
    const folder = 'a % folder #1'
    mkdirSync(join(local, folder))
    for (const name of DIFFICULT_NAMES) writeFileSync(join(local, folder, name), name)
    const back = temporaryFolder(test)

    const steps = [
      await rclone('copy', local, 'dav:'),
      await rclone('moveto', `dav:${folder}/${DIFFICULT_NAMES[3]}`, 'dav:moved #?%.txt'),
      await rclone('copy', 'dav:', back),
    ]

    assert.deepEqual(steps.map(failure), steps.map(noFailure))
    assert.equal(readFileSync(join(server.folder, 'moved #?%.txt'), 'utf8'), DIFFICULT_NAMES[3])
    assert.deepEqual(checksumsOf(back), checksumsOf(server.folder))
    assert.equal(Object.keys(checksumsOf(back)).length, DIFFICULT_NAMES.length + 1)
  })

  it('stores a name with a colon in the root, for which it asks for /./ (RCL-01)', async (test) => {
    const { server, local, rclone } = await remote(test, 'other')
    writeFileSync(join(local, 'colon: at.txt'), 'content')

    const copied = await rclone('copy', local, 'dav:', '--retries', '1')

    assert.equal(failure(copied), '')
    assert.equal(readFileSync(join(server.folder, 'colon: at.txt'), 'utf8'), 'content')
  })

  it('waits for a lock to go, because 423 means that (RCL-04)', async (test) => {
    const { server, local, rclone } = await remote(test, 'other')
    writeFileSync(join(local, 'a.txt'), 'new')
    const { token } = await lock(server, '/a.txt')

    const copying = rclone('copy', local, 'dav:')
    while (!server.log.requests.some(({ method, status }) => method === 'PUT' && status === 423)) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await ask(server, 'UNLOCK /a.txt', { headers: { 'Lock-Token': `<${token}>` } })

    assert.equal(failure(await copying), '')
    assert.equal(readFileSync(join(server.folder, 'a.txt'), 'utf8'), 'new')
  })
})

interface Remote {
  readonly server: TestServer
  /** An empty folder of this machine. */
  readonly local: string
  /** The server is `dav:`. */
  rclone(...args: readonly string[]): Promise<Ended>
}

async function remote(
  test: TestContext,
  vendor: (typeof VENDORS)[number],
  limitBytes = 20 * 1024 * KIB,
): Promise<Remote> {
  const server = await serverWith(test, { limitBytes })
  const local = temporaryFolder(test)
  const home = temporaryFolder(test)
  const env = {
    HOME: home,
    RCLONE_CONFIG: join(home, 'none.conf'),
    RCLONE_CONFIG_DAV_TYPE: 'webdav',
    RCLONE_CONFIG_DAV_VENDOR: vendor,
    RCLONE_CONFIG_DAV_URL: `${server.url}/`,
  }
  return { server, local, rclone: (...args) => run('rclone', args, { env }) }
}

/** What it said if it failed. */
function failure({ code, stderr }: Ended): string {
  return code === 0 ? '' : `${code}: ${stderr}`
}

function noFailure(): string {
  return ''
}

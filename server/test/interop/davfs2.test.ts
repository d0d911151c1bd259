import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes, sha256 } from '../support/content.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { cannotMountDavfs, whileMounted } from './davfs-mount.ts'
import { type Ended, succeed } from './program.ts'
import { checksumsOf, differences, makeTree } from './tree.ts'

describe('a davfs2 mount', { skip: cannotMountDavfs() }, () => {
  it('carries a tree of 1,000 files in 20 folders in and out unchanged (DFS-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 64 * MIB })
    const local = join(temporaryFolder(test), 'tree')
    const back = temporaryFolder(test)
    mkdirSync(local)
    makeTree(local, { files: 1000, folders: 20 })

    await whileMounted(server.url, async (at) => {
      await succeed('cp', ['-r', local, at])
    })
    const stored = checksumsOf(join(server.folder, 'tree'))
    // Mounted anew, so that what comes out is what the server has and not what the cache kept.
    await whileMounted(server.url, async (at) => {
      await succeed('cp', ['-r', join(at, 'tree'), back])
    })

    const expected = checksumsOf(local)
    assert.equal(Object.values(expected).filter((sum) => sum !== null).length, 1000)
    assert.equal(Object.values(expected).filter((sum) => sum === null).length, 20)
    assert.deepEqual(differences(stored, expected), [])
    assert.deepEqual(differences(checksumsOf(join(back, 'tree')), expected), [])
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })

  it('overwrites, appends, renames, moves and deletes files and folders (DFS-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: MIB })

    await whileMounted(server.url, async (at) => {
      await shell(at, 'echo one > a.txt; echo two > b.txt; mkdir -p folder/below gone')
      await shell(at, 'echo uno > a.txt; echo more >> b.txt; : > empty.txt')
      await shell(at, 'mv a.txt folder/c.txt; mv folder renamed; mv b.txt renamed/c.txt.new')
      await shell(at, 'mv -f renamed/c.txt.new renamed/c.txt; cp renamed/c.txt copy.txt; rmdir gone')
      await shell(at, 'echo x > doomed.txt; rm doomed.txt; rm -r renamed/below')
    })

    assert.deepEqual(readdirSync(server.folder).sort(), ['.plimsoll', 'copy.txt', 'empty.txt', 'renamed'])
    assert.equal(readFileSync(join(server.folder, 'renamed', 'c.txt'), 'utf8'), 'two\nmore\n')
    assert.equal(readFileSync(join(server.folder, 'copy.txt'), 'utf8'), 'two\nmore\n')
    assert.deepEqual(readdirSync(join(server.folder, 'renamed')), ['c.txt'])
    assert.equal((await server.space()).usedBytes, 18)
  })

  it('shows the used and the available space of the server in df (DFS-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 64 * MIB })
    await ask(server, 'PUT /a.bin', { body: randomBytes(16 * MIB) })

    await whileMounted(server.url, async (at) => {
      const before = await df(at)
      await shell(at, 'head -c 8388608 /dev/urandom > b.bin')
      await eventually('df follows', async () => (await df(at)).available === 40 * MIB)

      assert.deepEqual(before, { used: 16 * MIB, available: 48 * MIB })
      assert.deepEqual(await df(at), { used: 24 * MIB, available: 40 * MIB })
    })
  })

  for (const expect100 of [0, 1]) {
    const how = expect100 === 1 ? 'before it sends a byte' : 'after it sent it'
    it(`keeps in lost+found what a full server refuses ${how} (DFS-01, DFS-02)`, async (test) => {
      const { server, old } = await withOldFile(test)
      const local = join(temporaryFolder(test), 'big.bin')
      const big = randomBytes(300 * KIB)
      writeFileSync(local, big)

      await whileMounted(
        server.url,
        async (at) => {
          await succeed('cp', [local, join(at, 'old.bin')])
          await succeed('cp', [local, join(at, 'new.bin')])
          await eventually('both were refused', () => refusals(server).length === 2)
          const lost = await shell(at, 'sha256sum lost+found/*')

          const sums = lost.stdout.split('\n').map((line) => line.split(' ')[0])
          assert.deepEqual(sums, [sha256(big), sha256(big), ''])
        },
        { use_expect100: expect100 },
      )

      assert.deepEqual(refusals(server), ['/old.bin', '/new.bin'])
      assert.equal(sha256(readFileSync(join(server.folder, 'old.bin'))), sha256(old))
      // The name that it locked before it could write there.
      assert.equal(readFileSync(join(server.folder, 'new.bin')).byteLength, 0)
      assert.deepEqual(await server.space(), { usedBytes: 100 * KIB, availableBytes: 100 * KIB })
      if (expect100 === 1) assert.deepEqual(bytesSentInVain(server), [0, 0])
    })
  }

  it('deletes and then writes again on a server that was full (DFS-01)', async (test) => {
    const { server } = await withOldFile(test, 100 * KIB)

    await whileMounted(server.url, async (at) => {
      const before = await df(at)
      await shell(at, 'rm old.bin; head -c 51200 /dev/urandom > new.bin')

      assert.equal(before.available, 0)
    })

    assert.equal(readFileSync(join(server.folder, 'new.bin')).byteLength, 50 * KIB)
    assert.deepEqual(await server.space(), { usedBytes: 50 * KIB, availableBytes: 50 * KIB })
  })

  it('keeps others out of a file as long as it is open (DFS-02)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'old' })

    await whileMounted(server.url, async (at) => {
      const editing = shell(at, 'exec 3>>a.txt; echo new >&3; sleep 2; exec 3>&-')
      await eventually('it is locked', () => server.log.requests.some(({ method }) => method === 'LOCK'))
      const stranger = await ask(server, 'PUT /a.txt', { body: 'by somebody else' })
      await editing

      assert.equal(stranger.status, 423)
    })
    const later = await ask(server, 'GET /a.txt')

    assert.equal(later.text, 'oldnew\n')
    assert.equal((await ask(server, 'PUT /a.txt', { body: 'later' })).status, 204)
  })
})

/**
 * Runs commands in a folder; the first that fails ends it. The shell itself goes there: Node waits for a new process
 * to enter its `cwd`, and the server with it.
 */
function shell(at: string, commands: string): Promise<Ended> {
  return succeed('sh', ['-ec', `cd "$0"; ${commands}`, at])
}

async function df(at: string): Promise<{ used: number; available: number }> {
  const { stdout } = await succeed('df', ['-B1', '--output=used,avail', at])
  const [used = Number.NaN, available = Number.NaN] = (stdout.split('\n')[1] ?? '')
    .trim()
    .split(/\s+/)
    .map(Number)
  return { used, available }
}

/** A server with one file of 100 KiB. */
async function withOldFile(
  test: Parameters<typeof serverWith>[0],
  limitBytes = 200 * KIB,
): Promise<{ server: TestServer; old: Uint8Array }> {
  const server = await serverWith(test, { limitBytes })
  const old = randomBytes(100 * KIB)
  await ask(server, 'PUT /old.bin', { body: old })
  return { server, old }
}

function refused({ log }: TestServer) {
  return log.requests.filter(({ method, status }) => method === 'PUT' && status === 507)
}

function refusals(server: TestServer): string[] {
  return refused(server).map(({ path }) => path)
}

function bytesSentInVain(server: TestServer): number[] {
  return refused(server).map(({ receivedBytes }) => receivedBytes)
}

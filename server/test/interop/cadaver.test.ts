import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { KIB, randomBytes, sha256 } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'
import { lock } from './lock-request.ts'
import { succeed } from './program.ts'
import { checksumsOf } from './tree.ts'

describe('cadaver', { skip: missingTool('cadaver') }, () => {
  it('uploads, copies, moves, downloads and deletes files and collections', async (test) => {
    const { server, local, cadaver } = await session(test)
    const body = randomBytes(3 * KIB)
    writeFileSync(join(local, 'a #1.bin'), body)

    const said = await cadaver(
      'put "a #1.bin"',
      'mkcol folder',
      'cp "a #1.bin" b.bin',
      'mv b.bin folder/c.bin',
      'cp folder copy',
      'get folder/c.bin out.bin',
      'ls folder',
      'rm "a #1.bin"',
      'rmcol folder',
    )

    assert.equal(said.length, 9)
    for (const answer of said) assert.match(answer, /succeeded/)
    assert.match(said[6] ?? '', /c\.bin +3072 /)
    assert.equal(sha256(readFileSync(join(local, 'out.bin'))), sha256(body))
    assert.deepEqual(checksumsOf(server.folder), { copy: null, 'copy/c.bin': sha256(body) })
    assert.equal((await server.space()).usedBytes, 3 * KIB)
  })

  it('locks, sees its lock, writes with it, and unlocks', async (test) => {
    const { server, local, cadaver } = await session(test)
    writeFileSync(join(local, 'a.txt'), 'one')

    const said = await cadaver(
      'put a.txt',
      'lock a.txt',
      'discover a.txt',
      'put a.txt',
      'unlock a.txt',
      'discover a.txt',
    )

    for (const answer of [0, 1, 3, 4].map((index) => said[index] ?? '')) assert.match(answer, /succeeded/)
    assert.match(said[2] ?? '', /Lock token <urn:uuid:[0-9a-f-]{36}>:\s+Depth 0 on `http:.*\/a\.txt'/)
    assert.match(said[2] ?? '', /Scope: exclusive {2}Type: write {2}Timeout: \d+ seconds/)
    assert.match(said[5] ?? '', /no locks found/)
    assert.equal((await ask(server, 'PUT /a.txt', { body: 'two' })).status, 204)
  })

  it('is told of a lock of somebody else, and can take it over', async (test) => {
    const { server, local, cadaver } = await session(test)
    await ask(server, 'PUT /a.txt', { body: 'one' })
    await lock(server, '/a.txt', { owner: 'alice' })
    writeFileSync(join(local, 'a.txt'), 'two')

    const said = await cadaver('put a.txt', 'lock a.txt', 'steal a.txt', 'put a.txt')

    assert.match(said[0] ?? '', /failed:\s+423 Locked/)
    assert.match(said[1] ?? '', /failed:\s+423 Locked/)
    assert.match(said[3] ?? '', /succeeded/)
    assert.equal((await ask(server, 'GET /a.txt')).text, 'two')
  })

  it('sets, reads, lists and deletes a property', async (test) => {
    const { server, cadaver } = await session(test)
    await ask(server, 'PUT /a.txt', { body: 'one' })

    const said = await cadaver(
      'propset a.txt color "light blue"',
      'propget a.txt color',
      'propnames a.txt',
      'propdel a.txt color',
      'propget a.txt color',
    )

    assert.match(said[0] ?? '', /succeeded/)
    assert.match(said[1] ?? '', /Value of color is: light blue/)
    assert.match(said[2] ?? '', /custom-properties\/ color/)
    assert.match(said[3] ?? '', /succeeded/)
    assert.match(said[4] ?? '', /404 Not Found/)
  })

  it('shows 507 for what does not fit, and goes on (CODE-01)', async (test) => {
    const { server, local, cadaver } = await session(test, 10 * KIB)
    await ask(server, 'PUT /old.bin', { body: randomBytes(6 * KIB) })
    const before = checksumsOf(server.folder)
    writeFileSync(join(local, 'large.bin'), randomBytes(20 * KIB))
    writeFileSync(join(local, 'small.bin'), randomBytes(KIB))

    const said = await cadaver(
      'put large.bin',
      'put large.bin old.bin',
      'cp old.bin copy.bin',
      'rm old.bin',
      'put small.bin',
    )

    for (const answer of said.slice(0, 3)) assert.match(answer, /failed:\s+507 Insufficient Storage/)
    for (const answer of said.slice(3)) assert.match(answer, /succeeded/)
    assert.deepEqual(Object.keys(before), ['old.bin'])
    assert.deepEqual(Object.keys(checksumsOf(server.folder)), ['small.bin'])
    assert.deepEqual(await server.space(), { usedBytes: KIB, availableBytes: 9 * KIB })
  })
})

interface Session {
  readonly server: TestServer
  /** Where the client runs. */
  readonly local: string
  /** Types the commands. @returns what it said to each */
  cadaver(...commands: readonly string[]): Promise<readonly string[]>
}

async function session(test: TestContext, limitBytes = 1024 * KIB): Promise<Session> {
  const server = await serverWith(test, { limitBytes })
  const local = temporaryFolder(test)
  return {
    server,
    local,
    async cadaver(...commands) {
      const input = `${[...commands, 'quit'].join('\n')}\n`
      const options = { cwd: local, env: { HOME: local }, input }
      const { stdout } = await succeed('cadaver', [`${server.url}/`], options)
      return stdout.split(/^dav:\S* /m).slice(1, -1)
    },
  }
}

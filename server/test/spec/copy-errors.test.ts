import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type ServerProcess, serverProcess } from '../support/process.ts'
import { failures, transfer } from '../support/spawned.ts'
import { killBeforeCall } from '../support/strace.ts'
import { missingTool } from '../support/tools.ts'

const FILES = ['file', 'one/file', 'one/deep/file', 'two/file', 'two/deep/file'] as const

/** A server in a process of its own, on a folder with `/tree`. */
async function serverWithTree(test: TestContext, folder = temporaryFolder(test)): Promise<ServerProcess> {
  for (const name of ['one/deep', 'two/deep']) mkdirSync(join(folder, 'tree', name), { recursive: true })
  for (const name of FILES) writeFileSync(join(folder, 'tree', name), name)
  // strace counts the calls of each thread apart.
  return await serverProcess(test, folder, [], { UV_THREADPOOL_SIZE: '1' })
}

/** Runs `work` under a trace of the server. @returns what strace wrote, a line for each call */
async function traced(test: TestContext, pid: number, args: readonly string[], work: () => Promise<unknown>) {
  const file = join(temporaryFolder(test), 'trace')
  const strace = spawn('strace', ['-f', '-y', '-o', file, ...args, '-p', String(pid)])
  test.after(() => strace.kill('SIGKILL'))
  await once(strace.stderr, 'data')
  await work()
  const closed = once(strace, 'close')
  strace.kill('SIGINT')
  await closed
  return readFileSync(file, 'utf8').trim().split('\n')
}

/** The files below a collection of the folder, as far as it is there. */
function filesBelow(folder: string, name: string): string[] {
  try {
    const entries = readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, name).length + 1))
      .sort()
  } catch {
    return []
  }
}

describe('COPY of a tree with a collection that cannot be made at the destination', {
  skip: missingTool('strace'),
}, () => {
  it('names that collection in a 207, copies nothing that is below it, and all the rest (CM-16)', async (test) => {
    const folder = temporaryFolder(test)
    const server = await serverWithTree(test, folder)

    // The first directory is that of the copy itself, the second that of the member that is met first.
    const fault = ['-e', 'trace=mkdir', '-e', 'inject=mkdir:error=EACCES:when=2']
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof transfer>>>()
    await traced(test, server.pid, fault, async () => {
      resolve(await transfer(server, 'COPY', '/tree', '/copy'))
      await promise
    })

    const failed = failures(await promise)
    const [href = ''] = Object.keys(failed)
    assert.match(href, /^\/copy\/(one|two)$/)
    assert.deepEqual(failed, { [href]: '403' })
    const outside = FILES.filter((name) => !`/copy/${name}`.startsWith(`${href}/`))
    assert.deepEqual(filesBelow(folder, 'copy'), [...outside].sort())
    assert.equal(filesBelow(folder, '.plimsoll/stage').length, 0)
  })
})

describe('MOVE of a tree on one volume', { skip: missingTool('strace') }, () => {
  it('is one rename of its root: no member is touched (CM-26)', async (test) => {
    const folder = temporaryFolder(test)
    const server = await serverWithTree(test, folder)

    const changes = 'rename,renameat,renameat2,link,linkat,mkdir,mkdirat,unlink,unlinkat,rmdir,symlink'
    const calls = await traced(test, server.pid, ['-e', `trace=${changes}`], async () => {
      assert.equal((await transfer(server, 'MOVE', '/tree', '/moved')).status, 201)
    })

    const ofTree = calls.filter((line) => /\b(rename|link|mkdir|unlink|rmdir|symlink)\w*\(/.test(line))
    assert.equal(ofTree.length, 1, calls.join('\n'))
    assert.match(ofTree[0] ?? '', / rename\("[^"]*\/tree", "[^"]*\/moved"/)
    assert.deepEqual(filesBelow(folder, 'moved'), [...FILES].sort())
  })

  for (const call of ['rename', 'fsync', 'fdatasync']) {
    it(`is whole at one of both places after kill -9 before any ${call} (CM-26)`, async (test) => {
      const seen = new Set<string>()
      for (let nth = 1; nth < 20; nth++) {
        const folder = temporaryFolder(test)
        const server = await serverWithTree(test, folder)
        const watcher = await killBeforeCall(server.pid, call, nth)
        const answer = await transfer(server, 'MOVE', '/tree', '/moved').catch(() => null)
        await watcher.detach()
        await server.kill()

        const again = await serverProcess(test, folder)
        const [there, here] = ['tree', 'moved'].map((name) => filesBelow(folder, name))
        const paths = await Promise.all(
          ['/tree/one/deep/file', '/moved/one/deep/file'].map((path) => ask(again, `GET ${path}`)),
        )
        await again.kill()

        const isMoved = here?.length !== 0
        assert.deepEqual(isMoved ? [there, here] : [here, there], [[], [...FILES].sort()])
        assert.deepEqual(
          paths.map(({ status }) => status),
          isMoved ? [404, 200] : [200, 404],
        )
        if (answer !== null) assert.ok(answer.status === 201 && isMoved)
        seen.add(isMoved ? 'moved' : 'not moved')
        if (answer !== null) break
      }
      assert.ok(seen.has('moved'))
    })
  }
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { type ServerProcess, serverProcess } from '../support/process.ts'
import { missingTool } from '../support/tools.ts'

const WIDE = 10_000
const SOME = 2000
const FEW = 100
const QUOTA = asking('quota-available-bytes', 'quota-used-bytes')

/** Three collections with many, some and few others, each with a file. */
function wideFolder(test: TestContext): string {
  const folder = temporaryFolder(test)
  for (const [name, count] of Object.entries({ wide: WIDE, some: SOME, few: FEW })) {
    for (let index = 0; index < count; index++) {
      const at = join(folder, name, String(index))
      mkdirSync(at, { recursive: true })
      writeFileSync(join(at, 'file'), 'x')
    }
  }
  return folder
}

/** How often the server looks into a directory meanwhile. */
async function directoriesRead(
  test: TestContext,
  { pid }: ServerProcess,
  work: () => Promise<unknown>,
): Promise<{ opens: number; reads: number }> {
  const file = join(temporaryFolder(test), 'trace')
  const args = ['-f', '-o', file, '-e', 'trace=open,openat,getdents64', '-p', String(pid)]
  const strace = spawn('strace', args)
  test.after(() => strace.kill('SIGKILL'))
  await once(strace.stderr, 'data')
  await work()
  const closed = once(strace, 'close')
  strace.kill('SIGINT')
  await closed
  const lines = readFileSync(file, 'utf8').split('\n')
  const count = (call: RegExp): number => lines.filter((line) => call.test(line)).length
  return { opens: count(/ open(at)?\(/), reads: count(/ getdents64\(/) }
}

describe('the quota properties of thousands of collections', { skip: missingTool('strace') }, () => {
  it('cost the reading of the one collection that is listed, and of none below it (QUOTA-16)', async (test) => {
    const server = await serverProcess(test, wideFolder(test), ['--infinite-depth', '1000'])

    const members = await propfind(server, '/wide', { depth: '1', body: QUOTA })
    const listing = await directoriesRead(test, server, () => listed(server, '/some', '1'))
    const walk = await directoriesRead(test, server, () => listed(server, '/few', 'infinity'))

    assert.equal(members.length, WIDE + 1)
    for (const { found } of members)
      assert.equal(found.get('DAV:quota-used-bytes')?.text, String(WIDE + SOME + FEW))
    test.diagnostic(JSON.stringify({ listing, walk }))
    assert.ok(listing.opens < 50 && listing.reads < 50, JSON.stringify(listing))
    // What a walk through a tree looks like to the same count.
    assert.ok(walk.opens > FEW && walk.reads > FEW, JSON.stringify(walk))
  })
})

async function listed(server: ServerProcess, path: string, Depth: string): Promise<void> {
  const headers = { Depth, 'Content-Type': 'application/xml' }
  assert.equal((await ask(server, `PROPFIND ${path}`, { headers, body: QUOTA })).status, 207)
}

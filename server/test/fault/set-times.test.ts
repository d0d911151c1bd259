import assert from 'node:assert/strict'
import { mkdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeDisk } from '../prove/disk.ts'
import { SERVE } from '../prove/inspect.ts'
import { powerCuts } from '../prove/power-cut.ts'
import type { Round, Tally } from '../prove/proof.ts'
import { runRound } from '../prove/rounds.ts'
import { systemFaults } from '../prove/system-faults.ts'
import { ask } from '../support/ask.ts'
import { folderInMemory } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'
import { serverProcess } from '../support/process.ts'
import { setting, update, verdicts } from '../support/spawned.ts'
import { failCall } from '../support/strace.ts'

const WANTED = 'Sun, 09 Sep 2001 01:46:40 GMT'
const SETTING_TIME = setting('D:lastmodified', WANTED)
// A whole number of seconds: what Node puts back is exact to a quarter of a microsecond.
const FOLDER_TIME = 1_700_000_000

describe('a modification time that PROPPATCH sets', () => {
  for (const [call, answer, verdict] of [
    ['pwrite64', 'ENOSPC', /^507/],
    ['pwrite64', 'EIO', /^500/],
    ['fsync', 'EIO', /^500/],
  ] as const) {
    it(`is as it was, with its ETag, where the answer is a refusal: ${answer} from ${call} (STOR-01, PP-02)`, {
      skip: systemFaults.skip,
    }, async (test) => {
      const folder = folderInMemory(test)
      const server = await serverProcess(test, folder, SERVE)
      await ask(server, 'PUT /a', { body: 'content' })
      await ask(server, 'MKCOL /c')
      utimesSync(join(folder, 'c'), FOLDER_TIME, FOLDER_TIME)
      const before = ['a', 'c'].map((name) => statSync(join(folder, name)).mtimeMs)
      const { etag } = (await ask(server, 'HEAD /a')).headers
      const output = join(folderInMemory(test), 'trace')
      const failing = await failCall(server.pid, { call, answer }, { nth: '1+', side: 'answering', output })

      const answers = [await update(server, '/a', SETTING_TIME), await update(server, '/c', SETTING_TIME)]

      assert.ok(await failing.detach())
      const told = answers.map((each) =>
        each.status === 207 ? Object.values(verdicts(each))[0] : each.status,
      )
      for (const each of told) assert.match(String(each), verdict)
      assert.deepEqual(
        ['a', 'c'].map((name) => statSync(join(folder, name)).mtimeMs),
        before,
      )
      assert.equal((await ask(server, 'HEAD /a')).headers.etag, etag)
    })
  }

  it('outlives a power cut once it is acknowledged, also with the state on another disk (PUT-07, PP-02)', {
    skip: powerCuts.skip,
  }, async () => {
    const proof = { ...powerCuts, round: ({ life }: Round) => cutPowerAfterwards(life) }

    const tally = await runRound(proof, 1)

    assert.equal(tally.powerCuts, 1)
  })
})

async function cutPowerAfterwards(life: Lifetime): Promise<Tally> {
  const disk = makeDisk(life, 'ext4')
  const folder = join(disk.at, 'files')
  mkdirSync(folder)
  const server = await serverProcess(life, folder, [...SERVE, '--state', folderInMemory(life)])
  await ask(server, 'PUT /a', { body: 'content' })
  await ask(server, 'MKCOL /c')
  const answers = [await update(server, '/a', SETTING_TIME), await update(server, '/c', SETTING_TIME)]
  const cut = disk.cut()
  for (const answer of answers) assert.deepEqual(Object.values(verdicts(answer)), ['200'])
  await server.kill()
  const mounted = join(cut.mount(), 'files')
  const found = ['a', 'c'].map((name) => statSync(join(mounted, name)).mtime.toUTCString())
  cut.discard()
  assert.deepEqual(found, [WANTED, WANTED])
  return { powerCuts: 1 }
}

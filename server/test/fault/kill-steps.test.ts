import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes, sha256 } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type History, newHistory, type State } from '../support/history.ts'
import { type ServerProcess, serverProcess } from '../support/process.ts'
import { assertSound } from '../support/sound.ts'
import { CALLS, killBeforeCall } from '../support/strace.ts'
import { missingTool } from '../support/tools.ts'
import { upload } from '../support/upload.ts'

const LIMIT_BYTES = 4 * MIB
const MOST_CALLS = 100

interface Case {
  readonly name: string
  /** Makes what the request needs, whatever the last crash has left. */
  prepare(client: Client): Promise<void>
  request(client: Client): Promise<void>
}

const CASES: readonly Case[] = [
  {
    name: 'a PUT of a new file',
    prepare: (client) => client.remove('/file.bin'),
    request: (client) => client.put('/file.bin', 100 * KIB),
  },
  {
    name: 'a PUT over a file',
    prepare: (client) => client.put('/file.bin', 200 * KIB),
    request: (client) => client.put('/file.bin', 100 * KIB),
  },
  {
    name: 'a DELETE of a file',
    prepare: (client) => client.put('/file.bin', 100 * KIB),
    request: (client) => client.remove('/file.bin'),
  },
  {
    name: 'a MKCOL',
    prepare: (client) => client.remove('/folder'),
    request: (client) => client.makeFolder('/folder'),
  },
  {
    name: 'a DELETE of a folder',
    async prepare(client) {
      await client.makeFolder('/folder')
      for (const name of ['a', 'b', 'c']) await client.put(`/folder/${name}.bin`, 10 * KIB)
    },
    request: (client) => client.remove('/folder'),
  },
]

describe('kill -9 before each single call that changes the disk', { skip: missingTool('strace') }, () => {
  for (const { name, prepare, request } of CASES) {
    it(`leaves ${name} done or not begun (QUOTA-17, STOR-08)`, async (test) => {
      const folder = temporaryFolder(test)
      const history = newHistory()
      const kills: string[] = []
      let server = await start(test, folder)
      // Counters at zero are taken for a first start, whose count warns of nothing.
      await clientOf(server, history).put('/other.bin', KIB)

      for (const call of CALLS) {
        for (let nth = 1; nth < MOST_CALLS; nth++) {
          const client = clientOf(server, history)
          await prepare(client)
          const killed = await killedDuring(server, { call, nth }, () => request(client))
          if (!killed) break
          const when = `before ${call} ${nth}`
          kills.push(when)
          server = await start(test, folder)
          await assertSound(server, { folder, history, limitBytes: LIMIT_BYTES, when })
        }
      }

      test.diagnostic(`${kills.length} kills: ${kills.join(', ')}`)
      assert.ok(kills.length > 5, 'hardly a kill came in time')
    })
  }
})

/** Sends a request to a server that is killed before a call. @returns whether it died of it */
async function killedDuring(
  server: ServerProcess,
  { call, nth }: { call: string; nth: number },
  request: () => Promise<void>,
): Promise<boolean> {
  const watcher = await killBeforeCall(server.pid, call, nth)
  const failure = await request().then(
    () => null,
    (error: unknown) => error,
  )
  if (failure instanceof assert.AssertionError) throw failure
  await watcher.detach()
  if (failure !== null) await server.kill()
  return failure !== null
}

function start(test: TestContext, folder: string): Promise<ServerProcess> {
  const args = ['--limit', String(LIMIT_BYTES), '--durability', 'full']
  // One thread for files, so that its calls come in one order and are counted together.
  return serverProcess(test, folder, args, { UV_THREADPOOL_SIZE: '1' })
}

type Client = ReturnType<typeof clientOf>

/** Rejects when the server is gone before it has answered. */
function clientOf(server: ServerProcess, history: History) {
  const change = async (path: string, state: State, work: () => Promise<{ status: number }>) => {
    const begun = history.begin(path, state)
    const { status } = await work()
    if ([201, 204].includes(status)) begun.acknowledged()
    else begun.refused()
    assert.ok([201, 204, 404, 405].includes(status), `${path} was answered ${status}`)
  }
  return {
    async put(path: string, bytes: number) {
      const body = randomBytes(bytes)
      await change(path, sha256(body), () => upload(server, path, body))
    },
    remove: (path: string) => change(path, null, () => ask(server, `DELETE ${path}`)),
    makeFolder: (path: string) => change(path, 'collection', () => ask(server, `MKCOL ${path}`)),
  }
}

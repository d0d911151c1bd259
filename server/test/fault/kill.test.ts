import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { ask } from '../support/ask.ts'
import { inChunks, KIB, MIB, sha256 } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type Begun, type History, newHistory, type State } from '../support/history.ts'
import { type ServerProcess, serverProcess } from '../support/process.ts'
import { type Random, randomFrom, seedOfRun } from '../support/random.ts'
import { assertSound } from '../support/sound.ts'
import { upload } from '../support/upload.ts'

// KILL_ROUNDS=200 is the long run; SEED=… repeats one as far as the clock allows.
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 25)
const CLIENTS = 5
// Small enough that some uploads are refused: their undoing is interrupted too.
const LIMIT_BYTES = 4 * MIB

describe('kill -9', () => {
  it(`${ROUNDS} times at any moment loses nothing acknowledged and leaves nothing half (QUOTA-17, STOR-08)`, async (test) => {
    const seed = seedOfRun()
    test.diagnostic(`SEED=${seed}`)
    const random = randomFrom(seed)
    const folder = temporaryFolder(test)
    const history = newHistory()
    const totals = { acknowledged: 0, recovered: 0 }

    let server = await start(test, folder, random)
    for (let round = 1; round <= ROUNDS; round++) {
      totals.acknowledged += await workUntilKilled(server, history, random)
      for (const own of ['stage', 'trash']) writeFileSync(join(folder, '.plimsoll', own, 'left'), 'behind')
      server = await start(test, folder, random)
      totals.recovered += recoveredClaims(server)
      const when = `round ${round}, SEED=${seed}`
      await assertSound(server, { folder, history, limitBytes: LIMIT_BYTES, when })
    }

    assert.equal(await server.stop(), 0)
    test.diagnostic(`${totals.acknowledged} acknowledged, ${totals.recovered} claims found open`)
    assert.ok(totals.recovered > 0, 'no kill came in the middle of anything')
  })
})

function start(test: TestContext, folder: string, random: Random): Promise<ServerProcess> {
  const durability = random.pick(['full', 'file', 'none'])
  return serverProcess(test, folder, ['--limit', String(LIMIT_BYTES), '--durability', durability])
}

/** Lets clients work, and kills the server in the middle of it. @returns how many requests were acknowledged */
async function workUntilKilled(server: ServerProcess, history: History, random: Random): Promise<number> {
  const work = { acknowledged: 0, running: true }
  const enough = 1 + random.below(60)
  const killed = Promise.withResolvers<void>()
  const told = (): void => {
    work.acknowledged += 1
    if (work.acknowledged !== enough) return
    wait(random.below(8)).then(async () => {
      await server.kill()
      work.running = false
      killed.resolve()
    })
  }
  const clients = Array.from({ length: CLIENTS }, (_, number) => {
    const own = random.fork()
    return workAs(number, { server, history, random: own, isRunning: () => work.running, told })
  })
  await Promise.all([killed.promise, ...clients])
  return work.acknowledged
}

interface Client {
  readonly server: ServerProcess
  readonly history: History
  readonly random: Random
  readonly isRunning: () => boolean
  readonly told: () => void
}

async function workAs(number: number, client: Client): Promise<void> {
  while (client.isRunning()) {
    try {
      await step(number, client)
    } catch (error) {
      // The server is gone; whether it did what was asked last, nobody knows.
      if (error instanceof assert.AssertionError) throw error
      if (!client.isRunning()) return
      await wait(1)
    }
  }
}

/** One request, to names of its own or to those that all share. */
async function step(number: number, client: Client): Promise<void> {
  const { random } = client
  const own = `/client-${number}`
  const folder = `${own}/folder-${random.below(2)}`
  const file = `${random.pick([folder, own, '/shared'])}/file-${random.below(3)}.bin`
  switch (random.pick(STEPS)) {
    case 'small':
      return await put(client, file, { bytes: random.below(20 * KIB), isChunked: false })
    case 'large':
      return await put(client, file, { bytes: random.below(MIB), isChunked: random.below(2) === 0 })
    case 'delete':
      return await change(client, `DELETE ${file}`, null)
    case 'folders':
      for (const path of ['/shared', own, folder]) await change(client, `MKCOL ${path}`, 'collection')
      return
    case 'delete folder':
      return await change(client, `DELETE ${folder}`, null)
  }
}

const STEPS = [
  ...Array.from({ length: 8 }, () => 'small' as const),
  ...Array.from({ length: 3 }, () => 'large' as const),
  ...Array.from({ length: 3 }, () => 'delete' as const),
  'folders' as const,
  'delete folder' as const,
]

async function put(
  client: Client,
  path: string,
  { bytes, isChunked }: { bytes: number; isChunked: boolean },
) {
  const body = selfDescribing(path, client.random, bytes)
  const begun = client.history.begin(path, sha256(body))
  const answer = await upload(client.server, path, isChunked ? inChunks(body) : body)
  tell(client, begun, `PUT ${path}`, answer.status)
}

async function change(client: Client, line: string, state: State): Promise<void> {
  const begun = client.history.begin(line.slice(line.indexOf('/')), state)
  const answer = await ask(client.server, line)
  tell(client, begun, line, answer.status)
}

// 404, 405 and 409 are the names that are missing or there already, 507 is the limit.
function tell(client: Client, begun: Begun, line: string, status: number): void {
  if ([201, 204].includes(status)) begun.acknowledged()
  else begun.refused()
  assert.ok([201, 204, 404, 405, 409, 507].includes(status), `${line} was answered ${status}`)
  client.told()
}

/** Says in every line whose version it is, so that a mixture can be read. */
function selfDescribing(path: string, random: Random, bytes: number): Uint8Array {
  const line = `${path} version ${random.below(2 ** 31)}\n`
  return Buffer.from(line.repeat(Math.ceil(bytes / line.length))).subarray(0, bytes)
}

function recoveredClaims(server: ServerProcess): number {
  const [, claims] = /"claims":(\d+)/.exec(server.log()) ?? []
  return Number(claims ?? 0)
}

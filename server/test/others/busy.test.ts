import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask } from '../support/ask.ts'
import { eventually } from '../support/eventually.ts'
import { type Random, randomFrom, seedOfRun } from '../support/random.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { driftsOf } from './walk.ts'

const CLIENTS = 16
const REQUESTS = 60
const TURNS = 4000
const SLOW = { timeout: 300_000 }
const PROGRAM = fileURLToPath(new URL('./other-program.ts', import.meta.url))

describe('a busy server', () => {
  it('never shows a difference to a check when nobody else writes (OTH-02, QUOTA-17)', SLOW, async (test) => {
    const seed = seedOfRun()
    test.diagnostic(`SEED=${seed}`)
    const server = await serverWith(test, { watch: 'auto', limits: { followSeconds: 0.05 } })
    let isDone = false
    const statuses = clients(server, seed).finally(() => {
      isDone = true
    })

    let checks = 0
    while (!isDone) {
      assert.deepEqual(await driftsOf(server), [], `check ${checks}, SEED=${seed}`)
      checks += 1
    }
    const seen = await statuses

    assert.deepEqual(await driftsOf(server), [])
    assert.ok(checks > 3, `only ${checks} checks`)
    assert.ok(
      [201, 204].every((status) => seen.has(status)),
      [...seen].join(),
    )
    assert.deepEqual(
      [...seen].filter((status) => status >= 500),
      [],
    )
    assert.equal((await server.space()).usedBytes, server.countedBytes())
    // What follows other programs found nothing to correct either.
    assert.deepEqual(
      server.log.messages.filter((line) => line.includes('differs')),
      [],
    )
  })

  it(
    'counts what is there at the end of a storm of changes by others (OTH-02, QUOTA-17)',
    SLOW,
    async (test) => {
      const seed = seedOfRun()
      test.diagnostic(`SEED=${seed}`)
      const server = await serverWith(test, { watch: 'auto', limits: { followSeconds: 0.05 } })

      const other = otherProgram(test, server.folder, seed)
      const seen = await clients(server, seed)
      assert.deepEqual(await other, [0, null])

      const isSo = async (): Promise<boolean> =>
        (await server.space()).usedBytes === server.countedBytes() && (await driftsOf(server)).length === 0
      await eventually(`the counters follow, SEED=${seed}`, isSo, { seconds: 60 })
      await eventually('it is told', () => server.log.messages.some((line) => line.includes('differs')))
      assert.ok(seen.has(201), [...seen].join())
    },
  )
})

/** @returns every status that was seen */
async function clients(server: TestServer, seed: number): Promise<ReadonlySet<number>> {
  const random = randomFrom(seed)
  const seen = new Set<number>()
  const client = async (own: Random): Promise<void> => {
    for (let turn = 0; turn < REQUESTS; turn += 1) seen.add((await request(server, own)).status)
  }
  await Promise.all(Array.from({ length: CLIENTS }, () => client(random.fork())))
  return seen
}

function request(server: TestServer, random: Random) {
  const headers = { Destination: `${server.url}${somewhere(random)}` }
  switch (random.below(8)) {
    case 0:
    case 1:
      return ask(server, `MKCOL ${folder(random)}`)
    case 2:
      return ask(server, `COPY ${somewhere(random)}`, { headers })
    case 3:
      return ask(server, `MOVE ${somewhere(random)}`, { headers })
    case 4:
      return ask(server, `DELETE ${somewhere(random)}`)
    default:
      return ask(server, `PUT ${folder(random)}/f${random.below(8)}`, {
        body: 'x'.repeat(random.below(1000)),
      })
  }
}

function somewhere(random: Random): string {
  return random.below(2) === 0 ? folder(random) : `${folder(random)}/f${random.below(8)}`
}

function folder(random: Random): string {
  const names = Array.from({ length: 1 + random.below(3) }, () => `d${random.below(4)}`)
  return `/${names.join('/')}`
}

function otherProgram(test: TestContext, folder: string, seed: number): Promise<unknown[]> {
  const args = [PROGRAM, folder, String(seed), String(TURNS)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  test.after(() => child.kill('SIGKILL'))
  return once(child, 'close')
}

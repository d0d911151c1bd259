import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { MIB } from '../support/content.ts'
import { folderInMemory } from '../support/folder.ts'
import { type ServerProcess, serverProcess } from '../support/process.ts'
import type { Random } from '../support/random.ts'
import { CALLS, killBeforeCall } from '../support/strace.ts'
import { missingTool } from '../support/tools.ts'
import { type Client, clientAt } from './client.ts'
import { requireNoDrift, requireWhole, SERVE, WATCHING } from './inspect.ts'
import type { Proof } from './proof.ts'

const CLIENTS = 4
const KILLS = 8
const LIMIT_BYTES = 2 * MIB

export const kills: Proof = {
  name: 'kill',
  does: `${CLIENTS} clients work; ${KILLS} times the server is killed with SIGKILL, at a random moment or before a drawn system call that changes the disk (${CALLS.join(', ')}), and started again; in half of the rounds it looks out for other programs too, and must find no change. Every client's tree must be as it was after its last answered request or the one that ran: contents, properties, locks; nothing staged, no room reserved, counters right.`,
  cannotSee: 'What only the loss of unwritten memory does: that is what the power cuts are for.',
  skip: missingTool('strace'),
  async round({ random, life }) {
    const folder = folderInMemory(life)
    const args = [...SERVE, '--limit', String(LIMIT_BYTES), '--watch', random.pick(WATCHING)]
    const start = () => serverProcess(life, folder, args)
    const clients = Array.from({ length: CLIENTS }, (_, number) =>
      clientAt(`/client-${number}`, random.fork()),
    )
    const kinds: Record<string, number> = {}
    let [operations, survivors] = [0, 0]
    let server = await start()
    for (let kill = 0; kill < KILLS; kill += 1) {
      const kind = await workUntilKilled(server, clients, random)
      requireNoDrift(server)
      kinds[kind] = (kinds[kind] ?? 0) + 1
      const known = new Map(clients.map((client) => [client, client.progress()]))
      server = await start()
      const whole = await requireWhole(server, { folder, limitBytes: LIMIT_BYTES, known }).catch((error) => {
        throw new Error(kind, { cause: error })
      })
      survivors += whole.survivors
      for (const [client, found] of whole.found) {
        operations += client.progress().answered
        client.resume(found)
      }
    }
    await server.kill()
    return { kills: KILLS, operations, survivors, kinds }
  },
}

/** @returns how it was killed */
async function workUntilKilled(server: ServerProcess, clients: readonly Client[], random: Random) {
  const call = random.below(3) === 0 ? null : random.pick(CALLS)
  const nth = 1 + random.below(40)
  const watcher = call === null ? null : await killBeforeCall(server.pid, call, nth)
  const ending = new AbortController()
  const working = Promise.all(clients.map((client) => keepWorking(client, server, ending)))
  // A call that does not come so often is waited for no longer than this.
  await Promise.race([
    working,
    wait(call === null ? random.below(400) : 5000, null, { signal: ending.signal }),
  ]).catch(requireDeath)
  await server.kill()
  await working
  await watcher?.detach()
  return call === null ? 'kill -9 at a random moment' : `kill -9 before ${call}`
}

async function keepWorking(client: Client, server: ServerProcess, ending: AbortController): Promise<void> {
  try {
    for (;;) await client.step(server)
  } catch (error) {
    requireDeath(error)
    ending.abort()
  }
}

/** A connection that breaks because the server is gone is no violation. */
function requireDeath(error: unknown): void {
  if (error instanceof assert.AssertionError) throw error
}

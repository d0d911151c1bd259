import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { MIB } from '../support/content.ts'
import { type ServerProcess, serverProcess } from '../support/process.ts'
import { cannotMount, missingTool } from '../support/tools.ts'
import { type Client, clientAt } from './client.ts'
import { type CutType, type Disk, makeDisk } from './disk.ts'
import { requireNoDrift, requireWhole, SERVE, WATCHING } from './inspect.ts'
import type { Proof, Round, Tally } from './proof.ts'

const CLIENTS = 4
const CUTS = 8
// Small enough that some requests are refused: their undoing is cut off too.
const LIMIT_BYTES = 2 * MIB

export const powerCuts: Proof = {
  name: 'power',
  does: `A server with full durability works for ${CLIENTS} clients on an ext4 or an XFS that lies in a file on btrfs; in half of the rounds it looks out for other programs too, and must find no change. At ${CUTS} random moments the file is cloned, which is what a power cut would leave; the clone is mounted, its journal played back and a server started on it. Every client's tree must be as it was after its last answered request or one begun since: contents, properties, locks; nothing staged, no room reserved, counters right.`,
  cannotSee:
    'A disk that loses or reorders what it has said to be written, and file systems other than ext4 and XFS.',
  skip: cannotMount() || missingTool('mkfs.btrfs', 'mkfs.ext4', 'mkfs.xfs'),
  round: (round) => cutPowerOf(round.random.pick(['ext4', 'xfs']), round),
}

/** A round on one file system. */
export async function cutPowerOf(type: CutType, round: Round): Promise<Tally> {
  const disk = makeDisk(round.life, type)
  const folder = join(disk.at, 'files')
  mkdirSync(folder)
  const server = await serve(round, folder, round.random.pick(WATCHING))
  const clients = Array.from({ length: CLIENTS }, (_, number) =>
    clientAt(`/client-${number}`, round.random.fork()),
  )
  const work = new AbortController()
  const working = Promise.all(clients.map((client) => keepWorking(client, server, work.signal)))
  let survivors = 0
  // Whoever throws first, a client or a cut, ends the round.
  const cutting = (async () => {
    for (let cut = 0; cut < CUTS; cut += 1) {
      await wait(round.random.below(300))
      survivors += await cutPower(round, disk, clients)
    }
    work.abort()
  })()
  await Promise.all([cutting, working]).finally(() => work.abort())
  requireNoDrift(server)
  const operations = clients.reduce((sum, client) => sum + client.progress().answered, 0)
  return { powerCuts: CUTS, operations, survivors, kinds: { [`power cut of ${type}`]: CUTS } }
}

function serve({ life }: Round, folder: string, watching: string): Promise<ServerProcess> {
  return serverProcess(life, folder, [...SERVE, '--limit', String(LIMIT_BYTES), '--watch', watching])
}

async function keepWorking(client: Client, server: ServerProcess, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await client.step(server)
}

/** @returns how much was found again */
async function cutPower(round: Round, disk: Disk, clients: readonly Client[]): Promise<number> {
  const before = clients.map((client) => client.progress())
  const cut = disk.cut()
  // The copy is made without giving way to the clients, and yet the server goes on in the meantime.
  const known = new Map(
    clients.map((client, index) => {
      return [client, { answered: before[index]?.answered ?? 0, begun: client.progress().begun }]
    }),
  )
  try {
    const folder = join(cut.mount(), 'files')
    const server = await serve(round, folder, 'off')
    const { survivors } = await requireWhole(server, { folder, limitBytes: LIMIT_BYTES, known })
    await server.kill()
    return survivors
  } finally {
    cut.discard()
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Address } from '../support/ask.ts'
import type { Lifetime } from '../support/lifetime.ts'

/** One request of a race. */
export interface Job {
  /** The method and the target: `PUT /a`. */
  readonly line: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** A body of so many letters, where it matters only how many. */
  readonly bytes?: number
  readonly chunked?: boolean
  /** Begins before all others, and ends its body when those of its process have their answers. Alone in its chain. */
  readonly holds?: boolean
}

export interface Outcome {
  /** 0 where the connection failed. */
  readonly status: number
  /** Whether it was refused for want of room, also inside a 207. */
  readonly noRoom: boolean
  readonly text: string
}

const SCRIPT = fileURLToPath(new URL('./client.ts', import.meta.url))

const PROCESSES = 8

/**
 * Several client processes that begin all chains of jobs at once, each chain on a connection of its own. The server is
 * one process: it owns its folder, so that only clients can race.
 * @param held resolves when those that hold have come as far as they are to come before the others begin
 * @returns the outcomes in the order of the chains and jobs
 */
export async function race(
  life: Lifetime,
  server: Address,
  chains: readonly (readonly Job[])[],
  held: () => Promise<void> = async () => {},
): Promise<readonly (readonly Outcome[])[]> {
  const clients = Array.from({ length: PROCESSES }, (_, number) =>
    newClient(
      life,
      server,
      chains.filter((_chain, index) => index % PROCESSES === number),
    ),
  )
  await Promise.all(clients.map(({ ready }) => ready))
  for (const client of clients) client.go()
  await held()
  for (const client of clients) client.go()
  const answers = await Promise.all(clients.map((client) => client.outcomes()))
  return chains.map((_, index) => answers[index % PROCESSES]?.[Math.floor(index / PROCESSES)] ?? [])
}

function newClient(life: Lifetime, { host, port }: Address, chains: readonly (readonly Job[])[]) {
  const child = spawn(process.execPath, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  life.after(() => child.kill('SIGKILL'))
  child.stdin.write(`${JSON.stringify({ host, port, chains })}\n`)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    ready: nextLine(lines, child),
    go: () => void child.stdin.write('go\n'),
    outcomes: async (): Promise<readonly (readonly Outcome[])[]> => JSON.parse(await nextLine(lines, child)),
  }
}

async function nextLine(lines: AsyncIterator<string>, child: ChildProcess): Promise<string> {
  const { value, done } = await lines.next()
  if (done) throw new Error(`a client ended with ${child.exitCode}`)
  return value
}

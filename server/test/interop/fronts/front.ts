import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, watch } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { temporaryFolder } from '../../support/folder.ts'
import { apache } from './apache.ts'
import { testAuthority } from './authority.ts'
import { caddy } from './caddy.ts'
import { nginx } from './nginx.ts'
import type { Plan, Program } from './plan.ts'

export const FRONTS = ['nginx', 'apache', 'caddy'] as const
export type FrontName = (typeof FRONTS)[number]

export interface Front {
  /** Without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Where nginx and Apache send whoever comes without TLS to the right address. */
  readonly plainPort: number
  readonly caFile: string
  readonly directory: string
  /** Ends it at once, with whatever it was doing. */
  cut(): Promise<void>
  /** The names of all files that were made where the front would buffer bodies. */
  readonly buffered: ReadonlySet<string>
  log(): string
}

export interface FrontWish {
  readonly upstreamPort: number
  readonly folder?: string
  /** Another place for bodies that are buffered than its own directory. */
  readonly bufferDirectory?: string
  readonly edit?: (configuration: string) => string
}

const PROGRAMS: Readonly<Record<FrontName, (plan: Plan) => Program>> = { nginx, apache, caddy }

/** Starts a real front with the configuration of deploy/, on ports of its own; it ends with the test. */
export async function startFront(test: TestContext, name: FrontName, wish: FrontWish): Promise<Front> {
  for (;;) {
    try {
      return await launch(test, name, wish)
    } catch (error) {
      // Between our look and its own, somebody else took the port.
      if (!/address already in use/i.test(String(error))) throw error
    }
  }
}

async function launch(test: TestContext, name: FrontName, wish: FrontWish): Promise<Front> {
  const plan = await planFor(test, wish)
  const program = PROGRAMS[name](plan)
  const buffered = new Set<string>()
  const watcher = watch(plan.bufferDirectory, (_, file) => void buffered.add(String(file)))
  test.after(() => watcher.close())
  const child = spawn(program.command, program.args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: `${process.env.PATH}:/usr/sbin`, ...program.env },
  })
  test.after(() => ended(child))
  const log = logOf(child, program)
  await listening(child, plan.port, log)
  const { port, plainPort, directory } = plan
  const { caFile } = plan.authority
  const cut = (): Promise<void> => ended(child)
  return { url: `https://localhost:${port}`, port, plainPort, caFile, directory, cut, buffered, log }
}

async function planFor(test: TestContext, wish: FrontWish): Promise<Plan> {
  const directory = temporaryFolder(test)
  const bufferDirectory = wish.bufferDirectory ?? join(directory, 'buffers')
  mkdirSync(bufferDirectory, { recursive: true })
  // Apache's children are another user than root.
  chmodSync(directory, 0o755)
  chmodSync(bufferDirectory, 0o777)
  return {
    authority: testAuthority(),
    directory,
    bufferDirectory,
    port: await freePort(),
    plainPort: await freePort(),
    upstreamPort: wish.upstreamPort,
    folder: wish.folder ?? '/nonexistent',
    edit: wish.edit ?? ((text) => text),
  }
}

/** What a program has said until now, on its streams and in its file. */
function logOf(child: ChildProcess, { logFile }: Program): () => string {
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      said += text
    })
  }
  return () => said + (logFile !== undefined && existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
}

/** A port of 127.0.0.1 where nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until somebody accepts connections there. @throws Error with what the program said if it ended instead */
async function listening(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (child.exitCode !== null || child.signalCode !== null) {
      // Its last words may still be on their way.
      await Promise.all([child.stdout, child.stderr].map((stream) => stream && finished(stream)))
      throw new Error(`the front ended: ${log()}`)
    }
    if (await accepts(port)) return
    await wait(50)
  }
  throw new Error(`the front does not listen: ${log()}`)
}

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host: '127.0.0.1', port })
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

// A master that is killed alone leaves its workers, so a front is a process group of its own.
async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  process.kill(-child.pid, 'SIGKILL')
  await closed
}

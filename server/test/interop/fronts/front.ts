import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, watch } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../support/folder.ts'
import { apache } from './apache.ts'
import { type Authority, testAuthority } from './authority.ts'
import { caddy } from './caddy.ts'
import { nginx } from './nginx.ts'

export const FRONTS = ['nginx', 'apache', 'caddy'] as const
export type FrontName = (typeof FRONTS)[number]

/** What a front is made from: the files in deploy/ and what must be another in a test. */
export interface Plan {
  readonly authority: Authority
  /** A directory of its own, for configuration, process id and temporary files. */
  readonly directory: string
  /** Ports on 127.0.0.1: of the front for HTTPS, and of Plimsoll behind it. */
  readonly port: number
  readonly upstreamPort: number
  /** The served folder. */
  readonly folder: string
  /** An existing directory in which the front would store bodies while it buffers them. */
  readonly bufferDirectory: string
  /** Changes the deployed configuration further, as an operator would. */
  readonly edit: (configuration: string) => string
}

/** How to run one: its files are written when this returns. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where it writes its errors, unless that is the standard error stream. */
  readonly logFile?: string
}

export interface Front {
  /** Without a slash at the end. */
  readonly url: string
  readonly port: number
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

/** The text of a file in deploy/. */
export function deployed(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../../deploy/${path}`, import.meta.url)), 'utf8')
}

/** Replaces each text, wherever it stands. @throws Error for one that is not there: then deploy/ has changed */
export function replaced(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`deploy/ does not have ${from} any more`)
    return before.replaceAll(from, to)
  }, text)
}

/** Starts a real front with the configuration of deploy/, on a port of its own; it ends with the test. */
export async function startFront(test: TestContext, name: FrontName, wish: FrontWish): Promise<Front> {
  const authority = testAuthority()
  const directory = temporaryFolder(test)
  // Apache's children are another user than root.
  chmodSync(directory, 0o755)
  const port = await freePort()
  const { upstreamPort, folder = '/nonexistent', edit = (text) => text } = wish
  const bufferDirectory = wish.bufferDirectory ?? join(directory, 'buffers')
  mkdirSync(bufferDirectory, { recursive: true })
  chmodSync(bufferDirectory, 0o777)
  const program = PROGRAMS[name]({ authority, directory, port, upstreamPort, folder, bufferDirectory, edit })
  const buffered = new Set<string>()
  const watcher = watch(bufferDirectory, (_, file) => void buffered.add(String(file)))
  test.after(() => watcher.close())
  const child = spawn(program.command, program.args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: `${process.env.PATH}:/usr/sbin`, ...program.env },
  })
  test.after(() => ended(child))
  const { logFile } = program
  let said = ''
  const log = (): string =>
    said + (logFile !== undefined && existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text
    })
  }
  await listening(child, port, log)
  return {
    url: `https://localhost:${port}`,
    port,
    caFile: authority.caFile,
    directory,
    cut: () => ended(child),
    buffered,
    log,
  }
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
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the front ended: ${log()}`)
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

/** The path of a file in the front's own directory. */
export function within({ directory }: Plan, name: string): string {
  return join(directory, name)
}

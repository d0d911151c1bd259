import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Lifetime } from './lifetime.ts'

/** A server in a process of its own, so that it can be killed and its memory measured. */
export interface ServerProcess {
  /** Without a slash at the end. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly pid: number
  /** All lines of its log so far, as it wrote them: one JSON record each. */
  log(): string
  /** The most memory it ever had, in bytes. */
  peakMemoryBytes(): number
  /** kill -9: no handler runs, nothing is finished. */
  kill(): Promise<void>
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>
}

const SCRIPT = fileURLToPath(new URL('./serve-process.ts', import.meta.url))

/**
 * Starts `plimsoll serve FOLDER` with more arguments, on a free port, and open to this machine unless users are named.
 * It ends with the test at the latest.
 */
export async function serverProcess(
  test: Lifetime,
  folder: string,
  args: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
  within: readonly string[] = [],
): Promise<ServerProcess> {
  const access = variables.PLIMSOLL_USER === undefined ? ['--no-auth'] : []
  // What is wrong with the counters is to be seen, not corrected meanwhile; a test may say otherwise after this.
  const fixed = ['--host', '127.0.0.1', '--port', '0', ...access, '--log-format', 'json', '--watch', 'off']
  const [program = '', ...rest] = [...within, process.execPath, SCRIPT, 'serve', folder, ...fixed, ...args]
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment(), ...variables },
  })
  test.after(() => child.kill('SIGKILL'))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  const url = await addressOf(child, () => log)
  const { hostname: host, port } = new URL(url)
  return {
    url,
    host,
    port: Number(port),
    pid: child.pid ?? 0,
    log: () => log,
    peakMemoryBytes: () => peakMemoryBytes(child.pid ?? 0),
    async kill() {
      await end(child, 'SIGKILL')
    },
    stop: () => end(child, 'SIGTERM'),
  }
}

// The variables of the tests are no settings of the server, which refuses those it does not know.
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PLIMSOLL_')))
}

async function addressOf(child: ChildProcess, log: () => string): Promise<string> {
  let text = ''
  child.stdout?.setEncoding('utf8')
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  child.stdout?.on('data', (more) => {
    text += more
    const address = /^\s*address\s+(http:\S+)\/\s*$/m.exec(text)
    if (address?.[1] !== undefined) resolve(address[1])
  })
  child.once('close', (code) => reject(new Error(`the server ended with ${code}\n${text}${log()}`)))
  return await promise
}

// Its output is read to the end too: the last lines of a log are the ones that matter.
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = once(child, 'close')
    child.kill(signal)
    await closed
  }
  return child.exitCode
}

function peakMemoryBytes(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

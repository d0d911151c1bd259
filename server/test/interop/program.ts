import { execFile } from 'node:child_process'

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions {
  readonly cwd?: string
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** What it reads from its standard input. */
  readonly input?: string
  /** Is told what it complains, as it comes. */
  readonly onStderr?: (text: string) => void
}

// No client needs as long; one that hangs must not hang the whole run.
const LONGEST_MS = 120_000

/** Runs a client to its end, whatever its exit code is, while the server of this process answers it. */
export function run(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const child = execFile(program, args, {
    maxBuffer: 64 * 1024 * 1024,
    timeout: LONGEST_MS,
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (text) => {
    stdout += text
  })
  child.stderr?.on('data', (text) => {
    stderr += text
    options.onStderr?.(text)
  })
  child.once('error', reject)
  child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input ?? '')
  return promise
}

/** As `run`. @throws Error with all that the program said unless it ends with 0 */
export async function succeed(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Ended> {
  const ended = await run(program, args, options)
  if (ended.code === 0) return ended
  throw new Error(`${program} ${args.join(' ')} ended with ${ended.code}\n${ended.stdout}${ended.stderr}`)
}

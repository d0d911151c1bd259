import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'

/** The calls by which a server changes a disk. SQLite and the files share `pwrite64`. */
export const CALLS: readonly string[] = [
  'rename',
  'unlink',
  'rmdir',
  'mkdir',
  'pwrite64',
  'ftruncate',
  'utimensat',
  'fsync',
  'fdatasync',
]

/** Something that waits for a process to make a call. It ends with the process. */
export interface Watcher {
  detach(): Promise<void>
}

/** The thread that answers requests and writes the state, or those beside it, which work on files. */
export const SIDES = ['answering', 'beside'] as const
export type Side = (typeof SIDES)[number]

/** What a system call answers instead of doing its work. */
export interface Injection {
  readonly call: string
  /** The name of an error, as `ENOSPC`, or 0: a write of no byte. */
  readonly answer: string
}

/**
 * Makes the `nth` call of a kind on one side, counted from now, fail and do nothing; `1+` for every one. strace counts for each thread by
 * itself: of both sides at once the second would never be struck where the first makes the call first.
 * @param output a file for what strace writes
 */
export async function failCall(
  pid: number,
  { call, answer }: Injection,
  { nth, side, output }: { readonly nth: number | '1+'; readonly side: Side; readonly output: string },
) {
  const outcome = answer === '0' ? 'retval=0' : `error=${answer}`
  const inject = `inject=${call}:${outcome}:when=${nth}`
  const child = await straceOf(threadsOf(pid, side), call, { inject, output })
  return {
    /** @returns whether there was such a call */
    async detach(): Promise<boolean> {
      const closed = once(child, 'close')
      child.kill('SIGINT')
      await closed
      return readFileSync(output, 'utf8').includes('(INJECTED)')
    },
  }
}

/**
 * Kills a process at the moment before a thread of it makes its `nth` call of a kind, counted from now: nothing of
 * that call happens.
 */
export async function killBeforeCall(pid: number, call: string, nth: number): Promise<Watcher> {
  const inject = `inject=${call}:signal=KILL:when=${nth}`
  const child = await straceOf(['-f', '-p', String(pid)], call, { inject, output: '/dev/null' })
  return {
    async detach() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const closed = once(child, 'close')
      // Asked politely, it may wait for ever for the threads of a process that is dead.
      child.kill('SIGKILL')
      await closed
    },
  }
}

function threadsOf(pid: number, side: Side): readonly string[] {
  if (side === 'answering') return ['-p', String(pid)]
  const beside = readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== String(pid))
  return beside.flatMap((thread) => ['-p', thread])
}

async function straceOf(
  threads: readonly string[],
  call: string,
  { inject, output }: { readonly inject: string; readonly output: string },
): Promise<ChildProcess> {
  const args = ['-o', output, '-e', `trace=${call}`, '-e', inject, ...threads]
  const child = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await attached(child, threads.filter((argument) => argument === '-p').length)
  return child
}

async function attached(child: ChildProcess, times: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (more) => {
    text += more
    if ((text.match(/attached/g) ?? []).length >= times) resolve()
  })
  child.once('close', (code) => reject(new Error(`strace ended with ${code}: ${text}`)))
  await promise
}

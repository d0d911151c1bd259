import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

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

/**
 * Kills a process at the moment before a thread of it makes its `nth` call of a kind, counted from now: nothing of
 * that call happens.
 */
export async function killBeforeCall(pid: number, call: string, nth: number): Promise<Watcher> {
  const inject = `inject=${call}:signal=KILL:when=${nth}`
  const args = ['-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject, '-p', String(pid)]
  const child = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await attached(child)
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

async function attached(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (more) => {
    text += more
    if (/attached/.test(text)) resolve()
  })
  child.once('close', (code) => reject(new Error(`strace ended with ${code}: ${text}`)))
  await promise
}

import { join } from 'node:path'
import { breakLock, type LockReport, listLocks } from '../admin/locks.ts'
import { askServer } from '../admin/socket.ts'
import type { Loaded } from '../config/load.ts'
import { RESERVED_NAME } from '../core/path.ts'
import { StartError } from '../core/start-error.ts'
import { openStoppedState } from '../server.ts'
import { printable } from './log.ts'

export interface LocksOptions {
  /** The token of the lock to end; undefined to list. */
  readonly break?: string
}

/**
 * Lists the locks of a folder, or ends one whose client is gone. Asks the running server; without one it opens the
 * state itself.
 * @throws StartError if there is no such lock or the state cannot be opened
 */
export async function locks({ settings }: Loaded, options: LocksOptions): Promise<void> {
  const directory = settings.state ?? join(settings.folder, RESERVED_NAME)
  if (options.break !== undefined) {
    await end(directory, options.break)
    process.stdout.write(`The lock ${printable(options.break)} is broken.\n`)
    return
  }
  process.stdout.write(describe(await list(directory)))
}

async function list(directory: string): Promise<readonly LockReport[]> {
  const answer = await askServer(directory, 'GET', '/locks')
  if (answer !== null) return answer as readonly LockReport[]
  return await openStoppedState(directory, (state) => listLocks({ state, nowMs: Date.now }))
}

async function end(directory: string, token: string): Promise<void> {
  const answer = await askServer(directory, 'DELETE', `/locks/${encodeURIComponent(token)}`).catch(
    (error) => {
      throw new StartError(String(error.message), 'plimsoll locks lists those there are.')
    },
  )
  if (answer !== null) return
  const found = await openStoppedState(directory, (state) => breakLock({ state, nowMs: Date.now }, token))
  if (!found) throw new StartError(`there is no lock ${token}`, 'plimsoll locks lists those there are.')
}

function describe(reports: readonly LockReport[]): string {
  if (reports.length === 0) return 'There are no locks.\n'
  return reports
    .map(({ token, path, scope, depth, creator, secondsLeft }) => {
      const who = creator === null ? 'nobody by name' : creator
      return `${printable(path)}\n  ${scope}, depth ${depth}, by ${printable(who)}, ${secondsLeft} s left\n  ${token}\n`
    })
    .join('')
}

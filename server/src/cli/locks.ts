import type { LockReport } from '../admin/locks.ts'
import type { Loaded } from '../config/load.ts'
import { StartError } from '../core/start-error.ts'
import { administer } from './administer.ts'
import { printable } from './log.ts'

export interface LocksOptions {
  /** The token of the lock to end; undefined to list. */
  readonly break?: string
}

/**
 * Lists the locks of a folder, or ends one whose client is gone.
 * @throws StartError if there is no such lock or the state cannot be opened
 */
export async function locks(loaded: Loaded, options: LocksOptions): Promise<void> {
  if (options.break === undefined) {
    const reports = (await administer(loaded, { method: 'GET', path: '/locks' })) as readonly LockReport[]
    process.stdout.write(describe(reports))
    return
  }
  const token = options.break
  const found = await administer(loaded, { method: 'DELETE', path: `/locks/${encodeURIComponent(token)}` })
  if (found !== true)
    throw new StartError(`there is no lock ${token}`, 'plimsoll locks lists those there are.')
  process.stdout.write(`The lock ${printable(token)} is broken.\n`)
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

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from './core/log.ts'

export interface Places {
  /** The server's own directory in the folder. */
  readonly own: string
  readonly stateDirectory: string
}

/**
 * Whether a folder was served before and its state is gone: then its own directory is there and the database is not.
 * To be asked before either is made.
 */
export function stateIsLost({ own, stateDirectory }: Places): boolean {
  return existsSync(join(own, 'stage')) && !existsSync(join(stateDirectory, 'state.db'))
}

/** What is gone cannot be listed, but the operator must hear of it once: nothing else would show it. */
export function tellOfLostState(log: Log, { stateDirectory }: Places): void {
  log.warn(
    `this folder was served before, but there is no state in ${stateDirectory}: files are all there and counted anew; ` +
      'properties, locks, content types and limits set by command are lost unless the state is restored from a backup',
  )
}

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from './core/log.ts'
import { isReserved } from './core/path.ts'

export interface Places {
  readonly folder: string
  /** The server's own directory in the folder. */
  readonly own: string
  readonly stateDirectory: string
}

/**
 * What there was before a start. 'lost' if the server's own directory is there and the database is not; 'unknown' if
 * there are files and neither of them, as in a folder that is served for the first time.
 */
export type StateBefore = 'kept' | 'lost' | 'unknown' | 'none'

/** To be asked before anything is made. */
export function stateBefore({ folder, own, stateDirectory }: Places): StateBefore {
  const database = statSync(join(stateDirectory, 'state.db'), { throwIfNoEntry: false })
  if (database !== undefined && database.size > 0) return 'kept'
  if (database !== undefined || existsSync(join(own, 'stage'))) return 'lost'
  return existsSync(folder) && readdirSync(folder).some((name) => !isReserved(name)) ? 'unknown' : 'none'
}

/** What is gone cannot be listed, but the operator must hear of it once: nothing else would show it. */
export function tellOfState(log: Log, before: StateBefore, { stateDirectory }: Places): void {
  if (before === 'lost') {
    log.warn(
      `this folder was served before, but there is no state in ${stateDirectory}: files are all there and counted anew; ` +
        `${LOST} are lost unless the state is restored from a backup`,
    )
  }
  if (before === 'unknown') {
    log.info(
      `there is no state in ${stateDirectory} yet, and the files in the folder are counted; if it was served before, ` +
        `${LOST} are lost unless the state is restored from a backup`,
    )
  }
}

const LOST = 'properties, locks, content types and limits set by command'

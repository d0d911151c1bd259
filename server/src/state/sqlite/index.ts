import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { freeSpaceFrom } from '../../core/free-space.ts'
import type { StateStore } from '../../core/state.ts'
import type { Tx } from '../../core/tx.ts'
import { ballastIn } from './ballast.ts'
import { openDatabase } from './database.ts'
import { sqliteLedger } from './ledger.ts'
import { sqliteLocks } from './locks.ts'
import { pathLock } from './path-lock.ts'
import { sqliteProperties } from './properties.ts'
import { tablesOf } from './tables/index.ts'

export interface SqliteStateOptions {
  /** An existing directory for the database and what belongs to it. */
  readonly directory: string
  /** Whether the directory lies on the volume that the content lies on, whose free space is watched anyway. */
  readonly sharesContentVolume: boolean
  /** Whether what was acknowledged survives a power cut; else the last transactions may be lost in one. */
  readonly isDurable: boolean
  /** The clock of soft limits; that of the machine where absent. */
  readonly nowMs?: () => number
}

/**
 * State in one SQLite file, for one process. Critical sections are a lock in memory; each statement group is a
 * transaction of its own, and the claim row is the journal between them.
 * @throws StartError if the database is damaged or newer
 */
export function sqliteState(options: SqliteStateOptions): StateStore {
  const ballast = ballastIn(options.directory)
  const database = openDatabase(join(options.directory, 'state.db'), ballast, options)
  const tables = tablesOf(database, options.nowMs ?? Date.now)
  const lock = pathLock()
  ballast.restore()
  return {
    ledger: sqliteLedger(database, tables),
    properties: sqliteProperties(database, tables),
    locks: sqliteLocks(database),
    exclusive: (paths, work) => lock.hold(paths, () => work(IN_MEMORY)),
    freeSpace() {
      if (options.sharesContentVolume) return null
      return { ...freeSpaceFrom(statfsSync(options.directory)), freeEntries: null, totalEntries: null }
    },
    giveWay: () => ballast.release(),
    maintain: () => ballast.restore(),
    foldLog: () => database.fold(),
    async close() {
      database.close()
    },
  }
}

// The section is held by the lock alone; there is no handle that statements would need.
const IN_MEMORY = Object.freeze({}) as Tx

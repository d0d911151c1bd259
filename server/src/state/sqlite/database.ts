import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StartError } from '../../core/start-error.ts'
import { migrations } from '../sql/migrations.ts'
import type { Ballast } from './ballast.ts'
import { reasonOf } from './reason.ts'
import { isFull, isNotDatabase, translate } from './translate.ts'

/** The write-ahead log is folded back after so many pages of 4 KiB: about 1 MiB, which stays allocated. */
const CHECKPOINT_PAGES = 256
const PAGE_BYTES = 4096
const BUSY_TIMEOUT_MS = 10_000

/** One SQLite connection with the only ways the drivers use it. */
export interface Database {
  prepare(sql: string): StatementSync
  /**
   * Runs `work` in one transaction. On a full disk the log is folded back and then the ballast given up, and
   * `work` runs again: it must not have effects of its own.
   * @throws DavError as `translate` says
   */
  transaction<T>(work: () => T): T
  /** The same for what asks for room. The ballast is not for that: it would be gone when something is to be deleted. */
  growth<T>(work: () => T): T
  /**
   * Does not wait until the transactions in `use` are on the disk: for claims, of which a power cut leaves nothing but
   * what the next start removes. What is synced later takes them along, so that none is lost before an earlier one.
   */
  passing<T>(use: () => T): T
  /**
   * Folds the log back and keeps spare room in it and in the database, as far as there is any.
   * @throws DavError as `translate` says, but not for want of room
   */
  fold(): void
  close(): void
}

/**
 * Opens the database, creates or migrates its schema.
 * @throws StartError if the file is no database, is damaged, or comes from a newer version
 * @throws DavError as `translate` says
 */
export function openDatabase(
  file: string,
  ballast: Ballast,
  { isDurable }: { readonly isDurable: boolean },
): Database {
  const connection = opening(file, ballast)
  // In WAL mode NORMAL syncs at checkpoints only, FULL at the end of every transaction too.
  const lasting = isDurable ? 'FULL' : 'NORMAL'
  connection.exec(`PRAGMA synchronous = ${lasting}`)
  const explained: Explained = (use) => {
    try {
      return use(connection)
    } catch (error) {
      throw reasonOf(error, dirname(file))
    }
  }
  const statements = new Map<string, StatementSync>()
  const fold = (): void => {
    try {
      explained((open) => {
        open.exec('PRAGMA wal_checkpoint(PASSIVE)')
        keepSpare(open, file)
      })
    } catch (error) {
      if (!isFull(error)) throw translate(error)
    }
  }
  fold()
  return {
    prepare(sql) {
      const known = statements.get(sql) ?? connection.prepare(sql)
      statements.set(sql, known)
      return known
    },
    transaction(work) {
      return withRoom(explained, ballast, work)
    },
    growth(work) {
      return withRoom(explained, NO_BALLAST, work)
    },
    passing(use) {
      if (!isDurable) return use()
      connection.exec('PRAGMA synchronous = NORMAL')
      try {
        return use()
      } finally {
        connection.exec(`PRAGMA synchronous = ${lasting}`)
      }
    },
    fold,
    close() {
      connection.close()
    },
  }
}

/** What rows and the log may still take when other programs have taken all the rest of the disk, ballast included. */
const SPARE_BYTES = 256 * 1024

/**
 * Makes the database and its log larger than they have to be. Pages that are free in the database take rows, and take
 * what is folded back from a log that is full; a log that is long enough is written anew without growing.
 */
function keepSpare(connection: DatabaseSync, file: string): void {
  const free = Number(connection.prepare('PRAGMA freelist_count').get()?.freelist_count)
  const logBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (free * PAGE_BYTES >= SPARE_BYTES / 2 && logBytes >= SPARE_BYTES) return
  // Random bytes, because a compressing file system would store zeros in no room at all.
  attempt(connection, () => {
    connection.exec('CREATE TABLE IF NOT EXISTS spare (bytes BLOB)')
    connection.exec(`INSERT INTO spare VALUES (randomblob(${SPARE_BYTES}))`)
  })
  connection.exec('PRAGMA wal_checkpoint(PASSIVE)')
  attempt(connection, () => connection.exec('DROP TABLE spare'))
  connection.exec('PRAGMA wal_checkpoint(PASSIVE)')
}

const NO_BALLAST: Pick<Ballast, 'release'> = { release: () => false }

/** Uses the connection, and lets the operating system say why that failed where SQLite does not. */
type Explained = <T>(use: (connection: DatabaseSync) => T) => T

// Opening a write-ahead log takes a few pages, and a server must start on a full disk: it is what frees it.
function opening(file: string, ballast: Ballast): DatabaseSync {
  try {
    return connect(file)
  } catch (error) {
    if (!isFull(error) || !ballast.release()) throw translate(error)
  }
  try {
    return connect(file)
  } catch (error) {
    throw translate(error)
  }
}

function connect(file: string): DatabaseSync {
  let connection: DatabaseSync | null = null
  try {
    connection = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    // One server owns the database, so the index of the log can lie in its memory. SQLite would map a file for it,
    // and on a full btrfs the first write to a mapped page ends the process with SIGBUS (measured, Linux 6).
    connection.exec('PRAGMA locking_mode = EXCLUSIVE')
    connection.exec(`PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON`)
    connection.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    requireSound(connection, file)
    migrate(connection, file)
    return connection
  } catch (error) {
    connection?.close()
    throw isNotDatabase(error) ? damaged(file, error) : reasonOf(error, dirname(file))
  }
}

function requireSound(connection: DatabaseSync, file: string): void {
  const row = connection.prepare('PRAGMA quick_check(1)').get()
  if (row?.quick_check !== 'ok') throw damaged(file, new Error(String(row?.quick_check)))
}

function damaged(file: string, cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StartError(
    `the state database ${file} is damaged: ${reason}`,
    `The files in the folder are not affected. Move ${file} and the files beside it that begin with its name away and start again: the space is then counted anew from the folder. Properties, locks, content types and limits set by command are lost unless you restore a backup.`,
    { cause },
  )
}

function migrate(connection: DatabaseSync, file: string): void {
  const known = migrations()
  const newest = known.at(-1)?.version ?? 0
  const version = Number(connection.prepare('PRAGMA user_version').get()?.user_version ?? 0)
  if (version > newest) {
    throw new StartError(
      `the state database ${file} was written by a newer Plimsoll (schema ${version}, this one knows ${newest})`,
      'Start the newer version, or restore the backup made before the upgrade.',
    )
  }
  for (const migration of known) {
    if (migration.version <= version) continue
    connection.exec(`BEGIN IMMEDIATE; ${migration.sql}; PRAGMA user_version = ${migration.version}; COMMIT`)
  }
}

function withRoom<T>(explained: Explained, ballast: Pick<Ballast, 'release'>, work: () => T): T {
  try {
    return explained((connection) => attempt(connection, work))
  } catch (error) {
    if (!isFull(error)) throw translate(error)
  }
  try {
    return explained((connection) => {
      // Once all of the log is folded back it is written again from its beginning, in room it already has.
      connection.exec('PRAGMA wal_checkpoint(RESTART)')
      return attempt(connection, work)
    })
  } catch (error) {
    if (!isFull(error) || !ballast.release()) throw translate(error)
  }
  try {
    return explained((connection) => attempt(connection, work))
  } catch (error) {
    throw translate(error)
  }
}

// Always IMMEDIATE: a transaction that reads first and writes later failed 35 % of the time under two processes.
function attempt<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    connection.exec('COMMIT')
    return result
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK')
    throw error
  }
}

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Keeps a second server out of a directory. The lock is the kernel's, taken by SQLite on a file of its own: it
 * ends with the process, also after kill -9, and works on every platform Node runs on.
 * @returns null if another process holds it
 */
export function lockDirectory(directory: string): { release(): void } | null {
  const connection = new DatabaseSync(join(directory, 'lock'), { timeout: 0 })
  try {
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return { release: () => connection.close() }
  } catch (error) {
    connection.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null
    throw error
  }
}

const SQLITE_BUSY = 5

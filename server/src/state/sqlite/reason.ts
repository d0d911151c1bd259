import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { keepsItsReason } from './translate.ts'

const PAGE_BYTES = 4096

/**
 * Why SQLite could not read or write. It keeps that to itself: a used-up quota, a file system that became
 * read-only and a broken disk are all the same I/O error. So a page is written beside the database, and what the
 * operating system says to that is the answer.
 * @returns the operating system's error, or `error` where it speaks for itself or a page can be written
 */
export function reasonOf(error: unknown, directory: string): unknown {
  return keepsItsReason(error) ? (writeError(join(directory, 'probe')) ?? error) : error
}

function writeError(file: string): unknown {
  try {
    const handle = openSync(file, 'w', 0o600)
    try {
      writeSync(handle, new Uint8Array(PAGE_BYTES))
      fsyncSync(handle)
    } finally {
      closeSync(handle)
      rmSync(file, { force: true })
    }
    return null
  } catch (error) {
    return error
  }
}

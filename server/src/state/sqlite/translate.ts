import { constants } from 'node:os'
import { DavError } from '../../core/errors.ts'

const { errno } = constants

// https://www.sqlite.org/rescode.html
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

/** Whether SQLite found no room, or the operating system gave none to a page beside it. */
export function isFull(error: unknown): boolean {
  const code = resultCode(error)
  if (code !== null) return (code & 0xff) === FULL
  return [errno.ENOSPC, errno.EDQUOT].includes(systemErrno(error) ?? 0)
}

/** Whether SQLite failed for a reason that only the operating system knows. */
export function keepsItsReason(error: unknown): boolean {
  const code = resultCode(error)
  return code !== null && [IOERR, CANTOPEN].includes(code & 0xff)
}

export function isNotDatabase(error: unknown): boolean {
  const code = resultCode(error)
  return code !== null && [NOTADB, CORRUPT].includes(code & 0xff)
}

/** Errors of SQLite, or of the system beside it, as codes of ours. Anything else passes unchanged: it is a defect. */
export function translate(error: unknown): unknown {
  if (error instanceof DavError) return error
  if (isFull(error)) return noRoom(error)
  if (systemErrno(error) === errno.EROFS) return readOnly(error)
  if ([errno.EMFILE, errno.ENFILE].includes(systemErrno(error) ?? 0)) return overloaded(error)
  const code = resultCode(error)
  if (code === null) return error
  switch (code & 0xff) {
    case BUSY:
    case LOCKED:
      return new DavError('overloaded', 'the state database is busy', { cause: error, retryAfterSeconds: 5 })
    case READONLY:
      return readOnly(error)
    case CANTOPEN:
    case CORRUPT:
    case NOTADB:
      return new DavError('io-error', 'the state database cannot be read', { cause: error })
    default:
      return new DavError('io-error', 'the state database failed', { cause: error })
  }
}

function noRoom(error: unknown): DavError {
  const needed = 4096
  if (systemErrno(error) === errno.EDQUOT) {
    const shortage = { cause: 'user-quota' as const, needed }
    const message = 'the disk quota of the operating system has no room for the state database'
    return new DavError('quota-exceeded', message, { cause: error, shortage })
  }
  const shortage = { cause: 'disk-bytes' as const, needed }
  return new DavError('disk-full', 'the disk has no room for the state database', { cause: error, shortage })
}

function overloaded(error: unknown): DavError {
  return new DavError('overloaded', 'too many files are open', { cause: error, retryAfterSeconds: 5 })
}

function readOnly(error: unknown): DavError {
  return new DavError('read-only', 'the state database cannot be written', { cause: error })
}

/** The number of an error that came from the operating system, positive; null for every other error. */
function systemErrno(error: unknown): number | null {
  if (!(error instanceof Error) || !('errno' in error)) return null
  return typeof error.errno === 'number' ? Math.abs(error.errno) : null
}

/** The extended result code of an error that came from SQLite; null for every other error. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode : null
}

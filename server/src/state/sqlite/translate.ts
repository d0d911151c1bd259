import { DavError } from '../../core/errors.ts'

// https://www.sqlite.org/rescode.html
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26
const IOERR_SHMSIZE = 4874

/** Whether SQLite found no room: for its file, or for the shared memory beside a write-ahead log. */
export function isFull(error: unknown): boolean {
  const code = resultCode(error)
  return code !== null && ((code & 0xff) === FULL || code === IOERR_SHMSIZE)
}

export function isNotDatabase(error: unknown): boolean {
  const code = resultCode(error)
  return code !== null && [NOTADB, CORRUPT].includes(code & 0xff)
}

/** SQLite's result codes as codes of ours. Anything else passes unchanged: it is a defect. */
export function translate(error: unknown): unknown {
  const code = resultCode(error)
  if (code === null || error instanceof DavError) return error
  if (isFull(error)) {
    const shortage = { cause: 'disk-bytes' as const, needed: 4096 }
    return new DavError('disk-full', 'the disk has no room for the state database', {
      cause: error,
      shortage,
    })
  }
  switch (code & 0xff) {
    case BUSY:
    case LOCKED:
      return new DavError('overloaded', 'the state database is busy', { cause: error, retryAfterSeconds: 5 })
    case READONLY:
      return new DavError('read-only', 'the state database cannot be written', { cause: error })
    case CANTOPEN:
    case CORRUPT:
    case NOTADB:
      return new DavError('io-error', 'the state database cannot be read', { cause: error })
    default:
      return new DavError('io-error', 'the state database failed', { cause: error })
  }
}

/** The extended result code of an error that came from SQLite; null for every other error. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode : null
}

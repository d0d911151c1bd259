import { constants } from 'node:os'
import { DavError, type DavErrorDetails, type ErrorCode } from '../../core/errors.ts'
import type { ResourcePath } from '../../core/path.ts'

const { errno } = constants

/** A signed errno, as Node gives it, to what it means to us. The only place that knows errno numbers. */
const CODE_OF: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map([
  [errno.ENOENT, ['not-found', 'it is not there any more']],
  [errno.ENOTDIR, ['parent-missing', 'the collection this would be put into does not exist']],
  [errno.EISDIR, ['method-not-allowed', 'a collection is there']],
  [errno.EEXIST, ['already-exists', 'something is there already']],
  [errno.ENOTEMPTY, ['already-exists', 'something is there already']],
  [errno.EACCES, ['forbidden', 'the operating system forbids it']],
  [errno.EPERM, ['forbidden', 'the operating system forbids it']],
  [errno.EBUSY, ['forbidden', 'the operating system is using it']],
  [errno.ELOOP, ['forbidden', 'links are not followed']],
  [errno.EXDEV, ['forbidden', 'it lies on another file system than the served folder']],
  [errno.EROFS, ['read-only', 'the file system is mounted read-only']],
  [errno.ENAMETOOLONG, ['target-too-long', 'the file system has no such long names']],
  [errno.EFBIG, ['file-too-large', 'the file system has no such large files']],
  [errno.EMFILE, ['overloaded', 'too many files are open']],
  [errno.ENFILE, ['overloaded', 'too many files are open']],
  [errno.ENOSPC, ['disk-full', 'the disk is full']],
  [errno.EDQUOT, ['quota-exceeded', 'the disk quota of the operating system is used up']],
] satisfies [number, [ErrorCode, string]][])

/**
 * Errors of the operating system as codes of ours. EDQUOT is told by its number: Node 24 has no name for it and
 * calls it `UNKNOWN`. Errors that are ours already pass unchanged.
 * @param noInodesLeft asked only when the disk is said to be full
 */
export function translate(error: unknown, path: ResourcePath, noInodesLeft: () => boolean): unknown {
  if (error instanceof DavError || !isSystemError(error)) return error
  const [code, message] = CODE_OF.get(Math.abs(error.errno)) ?? [
    'io-error',
    `the disk failed (${error.code})`,
  ]
  return new DavError(code, message, { path, cause: error, ...extras(code, noInodesLeft) })
}

function extras(code: ErrorCode, noInodesLeft: () => boolean): DavErrorDetails {
  switch (code) {
    case 'disk-full':
      return noInodesLeft()
        ? { shortage: { cause: 'inodes', needed: 1 } }
        : { shortage: { cause: 'disk-bytes' } }
    case 'quota-exceeded':
      return { shortage: { cause: 'user-quota' } }
    case 'overloaded':
      return { retryAfterSeconds: 5 }
    default:
      return {}
  }
}

/** Whether an error says that a name does not exist, or that a name above it is no directory. */
export function isMissing(error: unknown): boolean {
  return isSystemError(error) && [errno.ENOENT, errno.ENOTDIR].includes(Math.abs(error.errno))
}

/** Whether an error says that a link was not followed. */
export function isLink(error: unknown): boolean {
  return isSystemError(error) && Math.abs(error.errno) === errno.ELOOP
}

/** Whether an error says that something cannot be opened at all, as a socket or a device without a driver. */
export function isUnopenable(error: unknown): boolean {
  return isSystemError(error) && [errno.ENXIO, errno.ENODEV].includes(Math.abs(error.errno))
}

/** Whether an error says that a name, or a path as a whole, is longer than the system takes. */
export function isTooLong(error: unknown): error is SystemError & { readonly path: string } {
  return isSystemError(error) && Math.abs(error.errno) === errno.ENAMETOOLONG
}

/**
 * Whether an error of a removal says that something may not be removed: an immutable file, a mount point. Node's
 * `rm` tries an undeletable file as a directory too and then tells the error of that.
 */
export function isProtected(error: unknown): boolean {
  const { EPERM, EACCES, EBUSY, ENOTDIR, ENOTEMPTY } = errno
  return isSystemError(error) && [EPERM, EACCES, EBUSY, ENOTDIR, ENOTEMPTY].includes(Math.abs(error.errno))
}

/** Whether an error says that something may not be looked into. */
export function isForbidden(error: unknown): boolean {
  return isSystemError(error) && [errno.EACCES, errno.EPERM].includes(Math.abs(error.errno))
}

/** In words why something cannot be watched. What inotify calls ENOSPC has nothing to do with the disk. */
export function whyNotWatched(error: unknown): string {
  if (!isSystemError(error)) return String(error)
  switch (Math.abs(error.errno)) {
    case errno.ENOSPC:
      return 'the system lets this user watch no more folders (fs.inotify.max_user_watches)'
    case errno.EMFILE:
      return 'too many files are open, or this user watches with too many programs (fs.inotify.max_user_instances)'
    default:
      return `the system cannot watch (${error.code})`
  }
}

/** Whether the volume has no room left, for whatever reason. */
export function isNoRoom(error: unknown): boolean {
  return isSystemError(error) && [errno.ENOSPC, errno.EDQUOT].includes(Math.abs(error.errno))
}

interface SystemError extends Error {
  readonly errno: number
  readonly code: string
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number'
}

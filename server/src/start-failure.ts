import { DavError } from './core/errors.ts'
import { StartError } from './core/start-error.ts'

export interface StartPlace {
  /** The folder or folders at fault. */
  readonly where: string
  readonly address: string
}

/** Turns what the operating system says at start into a sentence for the person at the keyboard. */
export function asStartError(error: unknown, { where, address }: StartPlace): unknown {
  if (error instanceof StartError) return error
  if (error instanceof DavError && error.code === 'disk-full') return noRoom(where, error)
  if (!(error instanceof Error) || !('code' in error)) return error
  const details = { cause: error }
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(
        `${address} is taken by another program`,
        'Choose another port with --port, or --port 0 for any free one.',
        details,
      )
    case 'EACCES':
    case 'EPERM':
      return new StartError(
        `${where} cannot be used: permission denied`,
        'The server must read and write it.',
        details,
      )
    case 'EROFS':
      return new StartError(
        `${where} is on a read-only file system`,
        'The server must be able to write there.',
        details,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`${address} is not an address of this machine`, 'Try --host 127.0.0.1.', details)
    case 'ENOTDIR':
    case 'EEXIST':
      return new StartError(`${where} is not a folder`, 'Name a folder; a missing one is created.', details)
    case 'ENOSPC':
      return noRoom(where, error)
    default:
      return new StartError(`${where} cannot be used: ${error.message}`, '', details)
  }
}

function noRoom(where: string, cause: unknown): StartError {
  return new StartError(
    `there is no room for the state database beside ${where}`,
    'Free about 1 MiB there, or put the state on another disk with --state DIR.',
    { cause },
  )
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from './core/start-error.ts'
import { type ErrorPage, type ErrorPages, parseErrorPage } from './dav/error-page.ts'
import { ERROR_STATUSES, REASONS } from './dav/status.ts'

// All pages stay in memory, and one goes out with every refusal.
const MAX_PAGE_BYTES = 256 * 1024

/**
 * Reads a directory of pages named by their status, such as `507.html`. Names that begin with a dot are left alone.
 *
 * @throws StartError for anything there that is no page or could never be shown: a page that is silently not used
 * would be missed only by the person it was meant for
 */
export function readErrorPages(directory: string): ErrorPages {
  const names = namesIn(directory).filter((name) => !name.startsWith('.'))
  if (names.length === 0) throw new StartError(`there is no error page in ${directory}`, NAMING)
  return new Map(names.map((name) => readPage(directory, name)))
}

const NAMING = 'Name each page by its status, such as 507.html.'

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort()
  } catch (cause) {
    throw unreadable(`the error pages in ${directory}`, cause)
  }
}

function readPage(directory: string, name: string): readonly [number, ErrorPage] {
  const file = join(directory, name)
  const status = Number(/^(\d{3})\.html$/.exec(name)?.[1])
  if (Number.isNaN(status)) throw new StartError(`${file} is not named as an error page`, NAMING)
  if (!ERROR_STATUSES.has(status)) {
    const statuses = [...ERROR_STATUSES].sort().map((one) => `${one} ${REASONS[one] ?? ''}`)
    throw new StartError(`${file}: this server never answers ${status}`, `It answers ${statuses.join(', ')}.`)
  }
  return [status, parseErrorPage(textOf(file), file)]
}

function textOf(file: string): string {
  const bytes = bytesOf(file)
  if (bytes.byteLength > MAX_PAGE_BYTES) {
    throw new StartError(`${file} is larger than ${MAX_PAGE_BYTES} bytes`, 'Leave pictures and fonts out.')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new StartError(`${file} is not UTF-8`, 'Save it as UTF-8.', { cause })
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw unreadable(`the error page ${file}`, cause)
  }
}

function unreadable(what: string, cause: unknown): StartError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  return new StartError(`${what} cannot be read: ${WHY.get(code) ?? message}`, '', { cause })
}

const WHY = new Map([
  ['ENOENT', 'it is not there'],
  ['ENOTDIR', 'that is not a directory'],
  ['EISDIR', 'it is a directory'],
  ['EACCES', 'permission denied'],
])

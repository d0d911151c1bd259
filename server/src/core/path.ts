import { DavError } from './errors.ts'

declare const brand: unique symbol

/**
 * The place of a resource: decoded, absolute, `/` for the root and no trailing slash elsewhere. A value of this
 * type has no empty, `.` or `..` segment and no NUL, control character, backslash or reserved name, so that no
 * driver has to check again.
 */
export type ResourcePath = string & { readonly [brand]: 'ResourcePath' }

export const ROOT = '/' as ResourcePath

/**
 * The folder in which the server keeps its own files. The name is reserved at every level: a folder served
 * together with its parent must not leak its state through the parent's server.
 */
export const RESERVED_NAME = '.plimsoll'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f\\/]/

/** Whether a name can be a segment of a `ResourcePath`. */
export function isMemberName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !isReserved(name) && !FORBIDDEN.test(name)
}

// Case-insensitive file systems (macOS, Windows) reach the folder under any spelling.
export function isReserved(name: string): boolean {
  return name.length === RESERVED_NAME.length && name.toLowerCase() === RESERVED_NAME
}

/**
 * @param segments decoded segments, from the root down
 * @throws DavError 'not-found' for the reserved name, 'bad-request' for every other impossible segment
 */
export function resourcePath(segments: readonly string[]): ResourcePath {
  for (const segment of segments) {
    if (isReserved(segment)) throw new DavError('not-found', 'there is nothing under this name')
    if (!isMemberName(segment)) {
      throw new DavError(
        'bad-request',
        `the path segment ${JSON.stringify(segment)} is not allowed: a name is not ".", "..", and has no slash, backslash or control character`,
      )
    }
  }
  return `/${segments.join('/')}` as ResourcePath
}

export function segmentsOf(path: ResourcePath): string[] {
  return path === ROOT ? [] : path.slice(1).split('/')
}

/** @param name must satisfy `isMemberName` */
export function memberPath(collection: ResourcePath, name: string): ResourcePath {
  return (collection === ROOT ? `/${name}` : `${collection}/${name}`) as ResourcePath
}

/** The collection that holds `path`; the root is its own parent. */
export function parentOf(path: ResourcePath): ResourcePath {
  const cut = path.lastIndexOf('/')
  return (cut <= 0 ? ROOT : path.slice(0, cut)) as ResourcePath
}

/** The last segment; empty for the root. */
export function nameOf(path: ResourcePath): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Whether `path` is `collection` itself or lies anywhere below it. */
export function contains(collection: ResourcePath, path: ResourcePath): boolean {
  return collection === ROOT || path === collection || path.startsWith(`${collection}/`)
}

/** The path itself and every collection above it, innermost first. */
export function selfAndAncestors(path: ResourcePath): ResourcePath[] {
  const all: ResourcePath[] = [path]
  for (let at = path; at !== ROOT; at = parentOf(at)) all.push(parentOf(at))
  return all
}

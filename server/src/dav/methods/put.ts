import type { Deps } from '../../core/deps.ts'
import { DavError } from '../../core/errors.ts'
import { put as store } from '../../core/put.ts'
import { guardOf } from '../guard.ts'
import { parseByteCount } from '../headers/length.ts'
import { guessedType } from '../properties.ts'
import type { Call, DavResponse } from '../request.ts'

/** RFC 4918 §9.7. */
export async function put(deps: Deps, call: Call): Promise<DavResponse> {
  const { request, path } = call
  requireWholeFile(call)
  const hints = ['x-expected-entity-length', 'oc-total-length'].map((name) =>
    parseByteCount(name, request.header(name)),
  )
  const modifiedMs = modifiedMsOf(request.header('x-oc-mtime'))
  const outcome = await store(deps, {
    path,
    guard: guardOf(call),
    modifiedMs,
    declaredBytes: request.body.declaredBytes,
    hintedBytes: hints.find((hint) => hint !== null) ?? null,
    body: request.body.stream(),
    contentType: typeToRemember(call),
  })
  return {
    status: outcome.created ? 201 : 204,
    headers: {
      ...(outcome.resource.etag === null ? {} : { ETag: outcome.resource.etag }),
      ...(modifiedMs === null ? {} : { 'X-OC-MTime': 'accepted' }),
    },
    body: null,
  }
}

/** @throws DavError for everything that would make the stored bytes differ from the sent ones */
export function requireWholeFile({ request, path, trailingSlash }: Call): void {
  if (request.header('content-range') !== undefined) {
    throw new DavError('bad-request', 'a part of a file cannot be put; send the whole, without Content-Range')
  }
  const coding = request.header('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (coding !== 'identity') {
    throw new DavError('content-coding-refused', 'send the file as it is, without Content-Encoding')
  }
  if (trailingSlash) {
    throw new DavError('method-not-allowed', 'a URL that ends with a slash is that of a collection', { path })
  }
}

/** Seconds since 1970, with which ownCloud's, Nextcloud's and rclone's clients keep a file's time (NC-09). */
function modifiedMsOf(value: string | undefined): number | null {
  const seconds = Number(/^\s*(\d{1,11})(?:\.\d+)?\s*$/.exec(value ?? '')?.[1] ?? Number.NaN)
  return Number.isNaN(seconds) ? null : seconds * 1000
}

// Longer ones are no media types, and the state must not become a place to keep things.
const LONGEST_TYPE = 256

/** Only a type that says something else than the name does is worth a row. */
function typeToRemember({ request, path }: Call): string | null {
  const type = request.header('content-type')?.trim() ?? ''
  const known = type === '' || type === 'application/octet-stream' || type.length > LONGEST_TYPE
  return known || !MEDIA_TYPE.test(type) || type === guessedType(path) ? null : type
}

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;[\x20-\x7e]*)?$/

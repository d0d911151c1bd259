import type { Deps } from '../../core/deps.ts'
import { DavError } from '../../core/errors.ts'
import { type Conditions, evaluateConditions } from '../../core/preconditions.ts'
import type { Resource } from '../../core/resource.ts'
import type { Content } from '../../core/store.ts'
import { requireIf } from '../guard.ts'
import { parseConditions } from '../headers/conditional.ts'
import { formatHttpDate } from '../headers/http-date.ts'
import { type ByteRange, ifRangeHolds, parseRange } from '../headers/range.ts'
import { listing } from '../listing.ts'
import { multipart } from '../multipart.ts'
import { contentTypeOf } from '../properties.ts'
import type { Call, DavResponse, StoredBody } from '../request.ts'

/** RFC 9110 §9.3.1, RFC 4918 §9.4. HEAD takes the same way and leaves the body out (RFC 9110 §9.3.2). */
export async function get(deps: Deps, call: Call): Promise<DavResponse> {
  const content = await deps.store.open(call.path)
  if (content === null) return await getCollection(deps, call)
  try {
    const response = await respond(deps, call, content)
    if (response.body === null) await content.close()
    return response
  } catch (error) {
    await content.close()
    throw error
  }
}

async function getCollection(deps: Deps, call: Call): Promise<DavResponse> {
  const resource = await deps.store.stat(call.path)
  if (resource?.kind !== 'collection') {
    throw new DavError('not-found', 'there is nothing under this name', { path: call.path })
  }
  requireReadable(parseConditions(call.request.header, call.nowMs), resource)
  await requireIf(deps, call, resource)
  return await listing(deps, call)
}

async function respond(deps: Deps, call: Call, content: Content): Promise<DavResponse> {
  const { request } = call
  const { resource } = content
  const validators = {
    ...(resource.etag === null ? {} : { ETag: resource.etag }),
    'Last-Modified': formatHttpDate(Math.min(resource.modifiedMs, call.nowMs)),
    'Cache-Control': 'private, no-cache',
  }
  const verdict = requireReadable(parseConditions(request.header, call.nowMs), resource)
  await requireIf(deps, call, resource)
  if (verdict === 'not-modified') {
    return { status: 304, headers: validators, body: null }
  }
  const stored = await deps.state.properties.of([resource.path])
  const type = contentTypeOf(resource, stored.get(resource.path))
  const headers = { ...validators, 'Accept-Ranges': 'bytes', ...harmless(type) }
  const ranges = request.method === 'GET' ? rangesOf(call, resource) : null
  const answer = ranges === null ? whole(content, type) : partial(content, type, ranges)
  const body = request.method === 'HEAD' ? null : answer.body
  return { status: answer.status, headers: { ...headers, ...answer.headers }, body }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: StoredBody
}

function whole(content: Content, type: string): Answer {
  const { bytes } = content.resource
  const parts = bytes === 0 ? [] : [{ first: 0, last: bytes - 1 }]
  return {
    status: 200,
    headers: { 'Content-Type': type, 'Content-Length': String(bytes) },
    body: { content, parts, totalBytes: bytes },
  }
}

function partial(content: Content, type: string, ranges: readonly ByteRange[]): Answer {
  const [only] = ranges
  if (only === undefined || ranges.length > 1) return multipart(content, type, ranges)
  const totalBytes = only.last - only.first + 1
  return {
    status: 206,
    headers: {
      'Content-Type': type,
      'Content-Length': String(totalBytes),
      'Content-Range': `bytes ${only.first}-${only.last}/${content.resource.bytes}`,
    },
    body: { content, parts: [only], totalBytes },
  }
}

function rangesOf({ request, nowMs }: Call, resource: Resource): readonly ByteRange[] | null {
  const ifRange = request.header('if-range')
  const { etag, modifiedMs } = resource
  if (ifRange !== undefined && !ifRangeHolds(ifRange, { etag, modifiedMs, nowMs })) return null
  const ranges = parseRange(request.header('range'), resource.bytes)
  if (ranges !== 'unsatisfiable') return ranges
  throw new DavError('range-not-satisfiable', `the file has ${resource.bytes} bytes`, {
    path: resource.path,
    totalBytes: resource.bytes,
  })
}

function requireReadable(conditions: Conditions, resource: Resource): 'proceed' | 'not-modified' {
  const verdict = evaluateConditions(conditions, resource, { reading: true })
  if (verdict !== 'failed') return verdict
  throw new DavError('precondition-failed', 'the resource is not in the state the request asked for', {
    path: resource.path,
  })
}

/**
 * Content of users must not script our origin (RFC 4918 §20.8). PDF is let through without the sandbox: browsers'
 * viewers do not open in one, and a PDF has no access to the origin.
 */
function harmless(type: string): Record<string, string> {
  const nosniff = { 'X-Content-Type-Options': 'nosniff' }
  if (type === 'application/pdf') return nosniff
  return {
    ...nosniff,
    'Content-Security-Policy':
      "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'",
  }
}

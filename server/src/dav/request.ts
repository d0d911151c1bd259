import type { DavError } from '../core/errors.ts'
import type { ResourcePath } from '../core/path.ts'
import type { Principal } from '../core/principal.ts'
import type { Content } from '../core/store.ts'
import type { ByteRange } from './headers/range.ts'
import type { Origin, TargetOptions } from './target.ts'

export type { Origin } from './target.ts'

/** What an edge hands in. Nothing of the body has been read. */
export interface DavRequest {
  readonly method: string
  /** Exactly as it stood in the request line: decoding and judging it is ours. */
  readonly target: string
  /** The value of a field by its lower-case name; several lines of one name joined by a comma. */
  readonly header: (name: string) => string | undefined
  /** Of the client, as far as that can be known. */
  readonly remoteAddress: string
  readonly origin: Origin
  /** Whether a front server that is trusted passed it on. */
  readonly viaFront: boolean
  readonly body: RequestBody
  /** What the edge found wrong with framing or header section; answered before anything else. */
  readonly defect: DavError | null
}

export interface RequestBody {
  /** From Content-Length; null for a body in chunks; 0 for none. */
  readonly declaredBytes: number | null
  /** May be iterated once. The first pull sends `100 Continue` where the client waits for it. */
  stream(): AsyncIterable<Uint8Array>
}

/** A request that has been understood and whose sender is known. */
export interface Call {
  readonly request: DavRequest
  readonly path: ResourcePath
  readonly trailingSlash: boolean
  readonly principal: Principal
  readonly nowMs: number
  /** Where the tree is, for headers that name other resources. */
  readonly place: TargetOptions
  /** The URL path of a resource, percent-encoded, with the slash of a collection. */
  readonly href: (path: ResourcePath, kind: 'file' | 'collection') => string
}

export interface DavResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ResponseBody
}

export type ResponseBody = null | Uint8Array | AsyncIterable<Uint8Array> | StoredBody

/** A reference to stored bytes, so that the edge can send them in the cheapest way. The edge closes `content`. */
export interface StoredBody {
  readonly content: Content
  /** What to send, in order: ranges of the content, or bytes around them (multipart). */
  readonly parts: readonly (ByteRange | Uint8Array)[]
  readonly totalBytes: number
}

export function isStored(body: ResponseBody): body is StoredBody {
  return body !== null && 'content' in body
}

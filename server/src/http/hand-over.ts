import type { ResourcePath } from '../core/path.ts'
import type { Handle } from '../dav/handle.ts'
import { type DavRequest, isStored } from '../dav/request.ts'
import { hrefOf } from '../dav/target.ts'

/** How a front server is told to send a file by itself. */
export interface HandOver {
  readonly header: 'X-Accel-Redirect' | 'X-Sendfile'
  /** The value for a resource; null where the header cannot carry it. */
  readonly valueOf: (path: ResourcePath) => string | null
}

/** The folder is below an internal location of nginx, which takes a URL path. */
export function toNginx(location: string): HandOver {
  return {
    header: 'X-Accel-Redirect',
    valueOf: (path) => hrefOf(path, { basePath: location, collection: false }),
  }
}

/**
 * Apache takes the path of the file. The mod_xsendfile of Debian decodes nothing, so it is written as the bytes that it
 * has. A path holds no control character; a space at its end would be cut off.
 */
export function toApache(folder: string): HandOver {
  const prefix = folder === '/' ? '' : folder
  return {
    header: 'X-Sendfile',
    valueOf: (path) => (path.endsWith(' ') ? null : Buffer.from(prefix + path).toString('latin1')),
  }
}

/**
 * Leaves the bytes of files to the front server that asked. It applies the Range of the client by itself, so it is given
 * the whole file; that the range can be had is decided here.
 *
 * Nobody but a trusted front is told where files lie, and never the name of one that could not be asked for: the path is
 * that of a resource, and the server's own directory is none.
 */
export function handingOver(handle: Handle, how: HandOver): Handle {
  return async (request) => {
    const handled = await handle(request)
    const { body, status } = handled.response
    if (!request.viaFront || !canBeHandedOver(request) || body === null || !isStored(body)) return handled
    const value = how.valueOf(body.content.resource.path)
    if (value === null) return handled
    await body.content.close()
    if (status === 206) return await handingOver(handle, how)(withoutRange(request))
    const kept = Object.entries(handled.response.headers).filter(([name]) => name !== 'Content-Length')
    const headers = { ...Object.fromEntries(kept), [how.header]: value }
    return { ...handled, response: { status, headers, body: NO_BYTES } }
  }
}

// Node writes a head in latin1, byte for byte, before bytes. Before nothing at all it writes it in UTF-8.
const NO_BYTES = new Uint8Array()

function withoutRange(request: DavRequest): DavRequest {
  return { ...request, header: (name) => (name === 'range' ? undefined : request.header(name)) }
}

/**
 * Conditions that the front would judge again, by entity tags and times of its own (RFC 9110 §13.1). If-None-Match and
 * If-Modified-Since are none of these: where they hold, the answer has no bytes to hand over.
 */
const JUDGED_TWICE = ['if-match', 'if-unmodified-since', 'if-range'] as const

function canBeHandedOver({ method, header }: DavRequest): boolean {
  return method === 'GET' && JUDGED_TWICE.every((name) => header(name) === undefined)
}

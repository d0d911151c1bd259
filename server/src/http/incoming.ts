import type { IncomingMessage, ServerResponse } from 'node:http'
import { DavError } from '../core/errors.ts'
import type { Limits } from '../core/limits.ts'
import type { DavRequest, RequestBody } from '../dav/request.ts'
import { HOST, senderOf } from './forwarded.ts'
import type { Trusts } from './trusted.ts'

/** The body of a request and how far it has come. */
export interface IncomingBody extends RequestBody {
  readonly receivedBytes: () => number
  /** Whether the client still waits to be told to go on, and now never will be. */
  readonly heldBack: () => boolean
}

export interface BodyOptions {
  /** The client waits for `100 Continue` before it sends (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean
  readonly idleSeconds: number
}

export function incomingBody(
  request: IncomingMessage,
  response: ServerResponse,
  options: BodyOptions,
): IncomingBody {
  let receivedBytes = 0
  let waiting = options.expectsContinue
  return {
    declaredBytes: declaredBytes(request),
    receivedBytes: () => receivedBytes,
    heldBack: () => waiting && declaredBytes(request) !== 0,
    async *stream() {
      if (waiting) response.writeContinue()
      waiting = false
      for await (const chunk of withIdleBound(request, options.idleSeconds)) {
        receivedBytes += chunk.byteLength
        yield chunk
      }
    },
  }
}

/** The record the protocol works on. `expectation` is set for an Expect we do not know. */
export function davRequest(
  request: IncomingMessage,
  body: IncomingBody,
  { limits, trusts }: { readonly limits: Limits; readonly trusts: Trusts },
  expectation?: string,
): DavRequest {
  const fields = fieldsOf(request.rawHeaders)
  const header = (name: string): string | undefined => fields.get(name)?.join(', ')
  const { address, origin, viaFront } = senderOf(request.socket.remoteAddress ?? '', header, trusts)
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    header,
    remoteAddress: address,
    origin,
    viaFront,
    body,
    defect: defectOf(request, fields, limits, expectation),
  }
}

// Node has refused by now what its parser can: two lengths, a length beside chunks, folded lines, no Host.
function declaredBytes(request: IncomingMessage): number | null {
  if (request.headers['transfer-encoding'] !== undefined) return null
  return Number(request.headers['content-length'] ?? 0)
}

async function* withIdleBound(request: IncomingMessage, idleSeconds: number): AsyncGenerator<Uint8Array> {
  // The request must outlive this loop: when a body is refused midway, the answer still has to go out.
  const chunks = request.iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      const next = await within(idleSeconds, chunks.next())
      if (next.done === true) return
      yield next.value
    }
  } catch (error) {
    if (error instanceof DavError) throw error
    throw new DavError('body-incomplete', 'the connection ended before the body did', { cause: error })
  } finally {
    // Not awaited: after a stall it would wait for the very chunk that does not come. It must be called, though,
    // or the request could not be drained: its iterator would still be listening.
    chunks.return?.().catch(() => {})
  }
}

/**
 * Bounds the wait for one chunk, and not the time that storing the one before it took. A race against one promise for
 * the whole body would keep every chunk in memory: a promise that never settles never lets go of its waiters.
 */
function within<T>(seconds: number, chunk: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(
    () => reject(new DavError('body-timeout', `no byte of the body came for ${seconds} seconds`)),
    seconds * 1000,
  )
  chunk.then(resolve, reject).finally(() => clearTimeout(timer))
  return promise
}

function fieldsOf(rawHeaders: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    const known = fields.get(name)
    if (known === undefined) fields.set(name, [rawHeaders[index + 1] ?? ''])
    else known.push(rawHeaders[index + 1] ?? '')
  }
  return fields
}

function defectOf(
  request: IncomingMessage,
  fields: ReadonlyMap<string, readonly string[]>,
  limits: Limits,
  expectation: string | undefined,
): DavError | null {
  if (request.rawHeaders.length / 2 > limits.headerCount) {
    return new DavError('headers-too-large', `a request may have ${limits.headerCount} header fields`)
  }
  const hosts = fields.get('host') ?? []
  if (hosts.length > 1 || !hosts.every((host) => HOST.test(host))) {
    return new DavError('bad-request', 'the Host field must be there once, as a name and an optional port')
  }
  const codings = fields.get('transfer-encoding')
  if (codings !== undefined && codings.join().trim().toLowerCase() !== 'chunked') {
    return new DavError('transfer-coding-unknown', 'the only transfer coding known here is chunked')
  }
  if (expectation !== undefined) {
    return new DavError('expectation-failed', 'the only expectation known here is 100-continue')
  }
  return null
}

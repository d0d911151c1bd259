import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Address } from './ask.ts'
import { inChunks } from './content.ts'
import { type Refusal, refusalIn } from './refusal.ts'

export interface Upload {
  readonly headers?: Readonly<Record<string, string>>
  /** Content-Length where it is not the length of the array. Null sends even an array in chunks, without one. */
  readonly declaredBytes?: number | null
  /** Says `Expect: 100-continue` and keeps the body until the server asks for it. */
  readonly expects100?: boolean
}

export interface Uploaded extends Refusal {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Whether a `100 Continue` came. */
  readonly continued: boolean
  /** Bytes of the body that were handed to the connection. */
  readonly sentBytes: number
}

/**
 * A PUT whose answer is read while the body is still being sent: a refusal may come at any moment. Sending stops
 * with the answer, as every client does that was refused.
 */
export async function upload(
  server: Address,
  path: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  options: Upload = {},
): Promise<Uploaded> {
  const { host, port } = server
  // Said aloud, or Node would ask for the end of the connection, and an answer that announces it would say nothing.
  const always = { Connection: 'keep-alive', ...framing(body, options), ...expectation(options) }
  const headers = { ...always, ...options.headers }
  const outgoing = request({ host, port, method: 'PUT', path, headers, agent: false })
  const sent = { continued: false, sentBytes: 0 }
  const send = (): void => {
    // A connection that the server ends early is no failure: what counts is whether the answer arrives.
    pipeline(Readable.from(counted(body, sent)), outgoing).catch(() => {})
  }
  outgoing.once('continue', () => {
    sent.continued = true
    send()
  })
  if (options.expects100) outgoing.flushHeaders()
  else send()
  try {
    const incoming = await answerTo(outgoing)
    const text = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>)).toString()
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      text,
      ...refusalIn(text),
      ...sent,
    }
  } finally {
    outgoing.destroy()
  }
}

function framing(body: Uint8Array | AsyncIterable<Uint8Array>, { declaredBytes }: Upload) {
  const bytes = declaredBytes === undefined && body instanceof Uint8Array ? body.byteLength : declaredBytes
  return bytes === null || bytes === undefined
    ? { 'Transfer-Encoding': 'chunked' }
    : { 'Content-Length': String(bytes) }
}

function expectation({ expects100 }: Upload): Record<string, string> {
  return expects100 ? { Expect: '100-continue' } : {}
}

async function* counted(body: Uint8Array | AsyncIterable<Uint8Array>, sent: { sentBytes: number }) {
  for await (const piece of body instanceof Uint8Array ? inChunks(body) : body) {
    sent.sentBytes += piece.byteLength
    yield piece
  }
}

function answerTo(outgoing: ReturnType<typeof request>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.on('error', reject)
  })
}

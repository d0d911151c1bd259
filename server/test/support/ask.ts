import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Asked {
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Uint8Array
  /** Sends the body in chunks, without a length. */
  readonly chunked?: boolean
}

export interface Answer {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingHttpHeaders
  /** Names and values as they came, in turn. */
  readonly rawHeaders: readonly string[]
  readonly bytes: Buffer
  readonly text: string
}

/**
 * One request on a connection of its own. The target goes out exactly as it is written: `fetch` would resolve
 * dot segments and turn backslashes round.
 * @param line the method and the target: `PUT /a%20b`
 */
export function ask(server: Address, line: string, asked: Asked = {}): Promise<Answer> {
  const cut = line.indexOf(' ')
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const { body } = asked
  const length = body === undefined || asked.chunked ? {} : { 'Content-Length': Buffer.byteLength(body) }
  const framing = asked.chunked ? { 'Transfer-Encoding': 'chunked' } : length
  const outgoing = request({
    host: server.host,
    port: server.port,
    method: line.slice(0, cut),
    path: line.slice(cut + 1),
    headers: { ...framing, ...asked.headers },
    agent: false,
  })
  outgoing.on('error', reject)
  outgoing.on('response', (incoming) => {
    const pieces: Buffer[] = []
    incoming.on('data', (piece: Buffer) => pieces.push(piece))
    incoming.on('error', reject)
    incoming.on('end', () => {
      const bytes = Buffer.concat(pieces)
      resolve({
        status: incoming.statusCode ?? 0,
        reason: incoming.statusMessage ?? '',
        headers: incoming.headers,
        rawHeaders: incoming.rawHeaders,
        bytes,
        text: bytes.toString(),
      })
    })
  })
  outgoing.end(body)
  return promise
}

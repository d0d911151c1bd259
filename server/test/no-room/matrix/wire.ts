import type { TestContext } from 'node:test'
import { answersIn, head } from '../../support/answers.ts'
import type { Address } from '../../support/ask.ts'
import { rawConnection } from '../../support/raw.ts'
import { type Refusal, refusalIn } from '../../support/refusal.ts'

/** A request as it goes out, byte by byte. */
export interface Wire {
  /** The method and the target: `PUT /new`. */
  readonly line: string
  readonly fields?: readonly string[]
  readonly body?: string | Uint8Array
  /** Sends the body in chunks, without a length. */
  readonly chunked?: boolean
  /** Says `Expect: 100-continue` and keeps the body until the server asks for it. */
  readonly expects100?: boolean
  /** Lets something happen once half of the body is out, or all of a request without one. */
  readonly halfWay?: () => Promise<void>
}

/** What came back, and what became of the connection. */
export interface Told extends Refusal {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
  /** Whether a `100 Continue` came. */
  readonly continued: boolean
  /** Whether the same connection answered another request afterwards. */
  readonly kept: boolean
}

const FINAL = /HTTP\/1\.1 [2-5]\d\d [\s\S]*?\r\n\r\n/

/** One request on a connection of its own, which is then tried out with a second one unless it was announced to end. */
export async function send(test: TestContext, server: Address, wire: Wire): Promise<Told> {
  const connection = await rawConnection(test, server)
  connection.write(head(wire.line, ...framing(wire), ...(wire.fields ?? [])))
  if (wire.expects100) await connection.read(/\r\n\r\n/)
  if (!wire.expects100 || /^HTTP\/1\.1 100 /.test(connection.received())) {
    const pieces = piecesOf(wire)
    for (const [index, piece] of pieces.entries()) {
      if (index === pieces.length >> 1) await wire.halfWay?.()
      connection.write(piece)
    }
    if (pieces.length === 0) await wire.halfWay?.()
  }
  const first = await connection.read(FINAL)
  if (!/\r\nconnection: close\r\n/i.test(first)) connection.write(head('OPTIONS /', 'Connection: close'))
  const received = await connection.readToEnd()
  connection.socket.destroy()
  const [answer, probe] = answersIn(wire.line.startsWith('HEAD ') ? withoutBody(received) : received).filter(
    ({ status }) => status >= 200,
  )
  if (answer === undefined) throw new Error(`no answer to ${wire.line}: ${received}`)
  return {
    status: answer.status,
    headers: answer.headers,
    text: answer.body,
    continued: received.startsWith('HTTP/1.1 100 '),
    kept: probe?.status === 200,
    ...refusalIn(answer.body),
  }
}

/** The length in the answer to a HEAD is that of a body that does not come. */
function withoutBody(received: string): string {
  return received.replace(/^content-length: \d+/im, 'Content-Length: 0')
}

function framing({ body, chunked, expects100 }: Wire): string[] {
  const expectation = expects100 ? ['Expect: 100-continue'] : []
  if (body === undefined) return expectation
  return [
    chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${Buffer.byteLength(body)}`,
    ...expectation,
  ]
}

const PIECE_BYTES = 64 * 1024

function piecesOf({ body = '', chunked }: Wire): readonly Uint8Array[] {
  const bytes = Buffer.from(body as string)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) pieces.push(bytes.subarray(at, at + PIECE_BYTES))
  if (!chunked) return pieces
  const chunks = pieces.map((piece) =>
    Buffer.concat([Buffer.from(`${piece.byteLength.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
  )
  return [...chunks, Buffer.from('0\r\n\r\n')]
}

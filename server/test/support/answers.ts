import type { TestContext } from 'node:test'
import type { Address } from './ask.ts'
import { type RawConnection, rawConnection } from './raw.ts'

/** An answer cut out of the bytes of a connection. */
export interface RawAnswer {
  readonly status: number
  readonly version: string
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Writes `text` on a new connection and reads all answers until the server closes its side. */
export async function exchange(test: TestContext, server: Address, text: string): Promise<RawAnswer[]> {
  const connection = await rawConnection(test, server)
  connection.write(text)
  return await remainingAnswers(connection)
}

/** All answers of a connection once the server has closed its side; then ours is closed too. */
export async function remainingAnswers(connection: RawConnection): Promise<RawAnswer[]> {
  const received = await connection.readToEnd()
  connection.socket.destroy()
  return answersIn(received)
}

/** The head of a request, Host included: `head('PUT /a', 'Content-Length: 5')`. */
export function head(line: string, ...fields: readonly string[]): string {
  return [`${line} HTTP/1.1`, 'Host: test', ...fields, '', ''].join('\r\n')
}

/** Takes the bytes of a connection apart by the framing of RFC 9112 §6.3. @throws Error if something is left over */
export function answersIn(received: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = received
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n')
    const [statusLine = '', ...fields] = rest.slice(0, headEnd).split('\r\n')
    const match = /^HTTP\/(1\.[01]) (\d{3}) /.exec(statusLine)
    if (headEnd === -1 || match === null) throw new Error(`not an answer: ${rest.slice(0, 200)}`)
    const headers = new Map(
      fields.map((field) => {
        const colon = field.indexOf(':')
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const
      }),
    )
    const status = Number(match[2])
    const [body, after] = bodyIn(rest.slice(headEnd + 4), status, headers)
    answers.push({ status, version: match[1] ?? '', headers, body })
    rest = after
  }
  return answers
}

function bodyIn(rest: string, status: number, headers: ReadonlyMap<string, string>): [string, string] {
  if (status < 200 || status === 204 || status === 304) return ['', rest]
  if (headers.get('transfer-encoding') === 'chunked') return chunksIn(rest)
  const length = Number(headers.get('content-length') ?? rest.length)
  return [rest.slice(0, length), rest.slice(length)]
}

function chunksIn(rest: string): [string, string] {
  let body = ''
  let left = rest
  for (;;) {
    const lineEnd = left.indexOf('\r\n')
    const size = Number.parseInt(left.slice(0, lineEnd), 16)
    if (!(size >= 0)) throw new Error(`not a chunk: ${left.slice(0, 100)}`)
    body += left.slice(lineEnd + 2, lineEnd + 2 + size)
    left = left.slice(lineEnd + 4 + size)
    if (size === 0) return [body, left]
  }
}

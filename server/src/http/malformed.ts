import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { DavError } from '../core/errors.ts'
import { errorResponse } from '../dav/error-response.ts'
import { REASONS } from '../dav/status.ts'

/** Answers what Node's parser could not read as a request, and ends the connection. */
export function answerMalformed(
  error: Error & { code?: string; rawPacket?: Uint8Array },
  socket: Duplex,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy()
    return
  }
  writeRaw(socket, refusalOf(error))
}

/** CONNECT is offered nowhere (HTTP-53); Node hands it over as a bare connection. */
export function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  writeRaw(socket, new DavError('method-not-allowed', 'this server is no proxy', { allow: [] }))
}

function refusalOf(error: { code?: string; rawPacket?: Uint8Array }): DavError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new DavError('headers-too-large', 'the request line and header fields are too large')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new DavError('body-timeout', 'the request did not arrive in time')
    case 'HPE_INVALID_METHOD':
      if (isRequestLine(error.rawPacket))
        return new DavError('method-unknown', 'this server has no such method')
      return malformed()
    default:
      return malformed()
  }
}

function malformed(): DavError {
  return new DavError('bad-request', 'this is not a well-formed HTTP/1.1 request')
}

// A method that the parser does not know, in a line that is otherwise right, is 501 and not 400 (HTTP-24).
function isRequestLine(packet: Uint8Array | undefined): boolean {
  const line = new TextDecoder('latin1').decode(packet?.subarray(0, 1024))
  return /^[\w!#$%&'*+.^`|~-]+ \S+ HTTP\/1\.[01]\r?\n/.test(line)
}

// The parser also fails in the middle of a body; then an answer may be on its way, and a second one would be
// read as part of it.
function isAnswering(socket: Duplex & { _httpMessage?: { headersSent?: boolean } | null }): boolean {
  return socket._httpMessage?.headersSent === true
}

function writeRaw(socket: Duplex, error: DavError): void {
  const { status, headers, body } = errorResponse(error, {
    method: '',
    accept: undefined,
    instance: null,
    rootHref: null,
  })
  const bytes = body instanceof Uint8Array ? body : new Uint8Array()
  const fields = { ...headers, 'Content-Length': String(bytes.byteLength), Connection: 'close' }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(
    `HTTP/1.1 ${status} ${REASONS[status]}\r\nDate: ${new Date().toUTCString()}\r\n${lines.join('')}\r\n`,
  )
  socket.end(bytes)
}

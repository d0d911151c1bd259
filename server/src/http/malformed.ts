import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { DavError } from '../core/errors.ts'
import { errorResponse } from '../dav/error-response.ts'
import { REASONS } from '../dav/status.ts'
import { closeInStages, type LingerBounds } from './linger.ts'

/** What Node's parser says of what it cannot read, and where it stopped. */
export interface ParseError extends Error {
  readonly code?: string
  readonly rawPacket?: Uint8Array
  readonly bytesParsed?: number
}

/** Answers what Node's parser could not read as a request, and ends the connection. */
export function answerMalformed(error: ParseError, socket: Duplex, bounds: LingerBounds): void {
  // What follows a request that said `Connection: close` is nobody's; the connection ends with its answer.
  if (error.code === 'HPE_CLOSED_CONNECTION' || !socket.writable) return
  if (error.code === 'ECONNRESET' || isAnswering(socket)) {
    socket.destroy()
    return
  }
  writeRaw(socket, refusalOf(error), bounds)
}

/** CONNECT is offered nowhere (HTTP-53); Node hands it over as a bare connection. */
export function refuseTunnel(socket: Duplex, bounds: LingerBounds): void {
  writeRaw(socket, new DavError('method-not-allowed', 'this server is no proxy', { allow: [] }), bounds)
}

function refusalOf(error: ParseError): DavError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new DavError('headers-too-large', 'the request line and header fields are too large')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new DavError('body-timeout', 'the request did not arrive in time')
    case 'HPE_INVALID_METHOD':
      if (isRequestLine(error)) return new DavError('method-unknown', 'this server has no such method')
      return malformed()
    default:
      return malformed()
  }
}

function malformed(): DavError {
  return new DavError('bad-request', 'this is not a well-formed HTTP/1.1 request')
}

// A method that the parser does not know, in a line that is otherwise right, is 501 and not 400 (HTTP-24). Other
// requests may stand before it in the packet.
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParseError): boolean {
  const before = rawPacket?.subarray(0, bytesParsed).lastIndexOf(LINE_FEED) ?? -1
  const line = new TextDecoder('latin1').decode(rawPacket?.subarray(before + 1, before + 1025))
  return /^[\w!#$%&'*+.^`|~-]+ \S+ HTTP\/1\.[01]\r?\n/.test(line)
}

const LINE_FEED = 0x0a

// The parser also fails in the middle of a body; then an answer may be on its way, and a second one would be
// read as part of it.
function isAnswering(socket: Duplex & { _httpMessage?: Partial<ServerResponse> | null }): boolean {
  return socket._httpMessage?.headersSent === true && socket._httpMessage.writableEnded !== true
}

function writeRaw(socket: Duplex, error: DavError, bounds: LingerBounds): void {
  const { status, headers, body } = errorResponse(error, {
    method: '',
    accept: undefined,
    instance: null,
    href: String,
    pages: new Map(),
  })
  const bytes = body instanceof Uint8Array ? body : new Uint8Array()
  const fields = { ...headers, 'Content-Length': String(bytes.byteLength), Connection: 'close' }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(
    `HTTP/1.1 ${status} ${REASONS[status]}\r\nDate: ${new Date().toUTCString()}\r\n${lines.join('')}\r\n`,
  )
  socket.write(bytes)
  void closeInStages(socket, socket, bounds)
}

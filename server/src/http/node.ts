import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Limits } from '../core/limits.ts'
import type { Log } from '../core/log.ts'
import type { Handle, Handled } from '../dav/handle.ts'
import { davRequest, type IncomingBody, incomingBody } from './incoming.ts'
import { closeInStages, discardRest } from './linger.ts'
import { answerMalformed, refuseTunnel } from './malformed.ts'
import { writeAnswer } from './outgoing.ts'
import type { Trusts } from './trusted.ts'

export interface EdgeOptions {
  readonly handle: Handle
  readonly limits: Limits
  readonly log: Log
  /** Whose word on the sender of a request is believed. */
  readonly trusts: Trusts
}

export interface Edge {
  readonly server: Server
  /** Stops listening, waits for running requests within the bound, then cuts what is left. */
  close(): Promise<void>
}

/** The edge to Node's own HTTP server: framing, `100 Continue`, early answers, and the end of connections. */
export function nodeEdge(options: EdgeOptions): Edge {
  const { limits } = options
  const running = new Set<Promise<void>>()
  // On these connections the last answer is out; whatever else arrives there is not a request (RFC 9112 §9.6).
  const ending = new WeakSet<object>()
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    requireHostHeader: true,
    // An upload may take hours; a body that stalls is ended by its own clock. Without a bound of its own the
    // header section would have none either (HTTP-52).
    requestTimeout: 0,
    headersTimeout: Math.ceil(limits.bodyIdleSeconds * 1000),
    connectionsCheckingInterval: Math.min(limits.bodyIdleSeconds, 30) * 1000,
    keepAliveTimeout: 30_000,
  })
  // Node silently drops what is above its own bound; ours refuses.
  server.maxHeadersCount = 0

  const turns = new WeakMap<Duplex, Turn>()
  // Requests of one connection take turns: what was sent behind a PUT may depend on it (RFC 9112 §9.3.2), and
  // an answer may end the connection before the next request has begun.
  const serve = (request: IncomingMessage, response: ServerResponse, how: Arrival): void => {
    const { socket } = request
    const before = turns.get(socket)?.exchange ?? Promise.resolve()
    const exchange = before.then(() => {
      if (ending.has(socket)) return void request.resume()
      return answerOne(options, { request, response, how, ending })
    })
    turns.set(socket, { request, before, exchange })
    running.add(exchange)
    exchange.finally(() => running.delete(exchange))
  }
  // An answer to what cannot be read waits until the requests before it have theirs.
  const refuse = async (error: Error, socket: Duplex): Promise<void> => {
    const turn = turns.get(socket)
    await (turn?.request.complete ? turn.exchange : turn?.before)
    if (ending.has(socket)) return
    ending.add(socket)
    answerMalformed(error, socket, boundsOf(limits))
  }
  server.on('request', (request, response) => serve(request, response, {}))
  server.on('checkContinue', (request, response) => serve(request, response, { expectsContinue: true }))
  server.on('checkExpectation', (request, response) =>
    serve(request, response, { expectation: request.headers.expect ?? '' }),
  )
  server.on('clientError', refuse)
  server.on('connect', (_request, socket) => refuseTunnel(socket, boundsOf(limits)))
  return { server, close: () => close(server, running, limits.shutdownSeconds) }
}

/** The latest request of a connection, and the end of the ones before it. */
interface Turn {
  readonly request: IncomingMessage
  readonly before: Promise<void>
  readonly exchange: Promise<void>
}

interface Arrival {
  readonly expectsContinue?: boolean
  readonly expectation?: string
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly how: Arrival
  readonly ending: WeakSet<object>
}

/** Never rejects: what goes wrong here is logged and costs the connection. */
async function answerOne(options: EdgeOptions, exchange: Exchange): Promise<void> {
  const { request, response, how } = exchange
  const { limits, log } = options
  const startedMs = performance.now()
  const body = incomingBody(request, response, {
    expectsContinue: how.expectsContinue ?? false,
    idleSeconds: limits.bodyIdleSeconds,
  })
  const asked = davRequest(request, body, options, how.expectation)
  const handled = await options.handle(asked)
  let sentBytes = 0
  try {
    sentBytes = await send(options, exchange, body, handled)
  } catch (error) {
    // The head is out, so the only honest way to say that the rest is missing is to cut the connection.
    response.destroy()
    log.error('an answer broke off', { method: request.method, path: request.url, error })
  }
  log.request({
    method: request.method ?? '',
    path: request.url ?? '',
    status: handled.response.status,
    durationMs: performance.now() - startedMs,
    user: handled.user,
    remoteAddress: asked.remoteAddress,
    receivedBytes: body.receivedBytes(),
    sentBytes,
    userAgent: request.headers['user-agent'],
  })
}

async function send({ limits }: EdgeOptions, exchange: Exchange, body: IncomingBody, handled: Handled) {
  const { request, response, ending } = exchange
  const rest = restOf(request, body, handled, limits)
  if (rest === 'none') {
    const sentBytes = await writeAnswer(response, handled.response, {})
    response.end()
    return sentBytes
  }
  if (rest === 'small') {
    const sentBytes = await writeAnswer(response, handled.response, {})
    const complete = await discardRest(request, boundsOf(limits))
    if (complete) response.end()
    else response.destroy()
    return sentBytes
  }
  ending.add(request.socket)
  const sentBytes = await writeAnswer(response, handled.response, { Connection: 'close' })
  await closeInStages(request.socket, request, boundsOf(limits))
  return sentBytes
}

/** How much of the request is still to come once its answer is known (HTTP-07, HTTP-10). */
function restOf(request: IncomingMessage, body: IncomingBody, handled: Handled, limits: Limits) {
  // A client that was held back may send its body all the same or not at all; nobody can tell (RFC 9110 §10.1.1).
  if (body.heldBack() || ENDS_CONNECTION.has(handled.response.status)) return 'large'
  if (request.complete) return 'none'
  const { declaredBytes } = body
  return declaredBytes !== null && declaredBytes - body.receivedBytes() <= limits.drainBytes
    ? 'small'
    : 'large'
}

// After these the framing of what follows cannot be relied on.
const ENDS_CONNECTION: ReadonlySet<number> = new Set([408, 431, 501])

function boundsOf(limits: Limits) {
  return { idleSeconds: limits.lingerIdleSeconds, totalSeconds: limits.lingerTotalSeconds }
}

async function close(
  server: Server,
  running: ReadonlySet<Promise<void>>,
  boundSeconds: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const bound = Promise.withResolvers<void>()
  const timer = setTimeout(bound.resolve, boundSeconds * 1000)
  await Promise.race([Promise.allSettled(running), bound.promise])
  clearTimeout(timer)
  // What still runs is cut: its upload ends as one that the client broke off, and is undone.
  server.closeAllConnections()
  await Promise.allSettled(running)
  await closed
}

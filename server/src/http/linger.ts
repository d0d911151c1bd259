import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'

export interface LingerBounds {
  readonly idleSeconds: number
  readonly totalSeconds: number
}

/**
 * Reads the rest of a body and drops it. Memory stays constant; nothing is stored.
 * @returns false if the client stalled or went on for too long
 */
export async function discardRest(request: IncomingMessage, bounds: LingerBounds): Promise<boolean> {
  if (request.readableEnded || request.destroyed) return true
  return await discardUntil(request, request, bounds)
}

/**
 * Ends our side of a connection and drops what still arrives until the client ends its own: closing at once would
 * make the kernel of a client that is still sending throw the answer away (RFC 9112 §9.6).
 * @param source where the client's bytes come out: the request that is being read, or the socket itself
 */
export async function closeInStages(socket: Duplex, source: Readable, bounds: LingerBounds): Promise<void> {
  socket.end()
  if (!socket.readableEnded && !socket.destroyed) await discardUntil(socket, source, bounds)
  socket.destroy()
}

function discardUntil(ending: Readable, source: Readable, bounds: LingerBounds): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const idle = setTimeout(() => finish(false), bounds.idleSeconds * 1000)
  const total = setTimeout(() => finish(false), bounds.totalSeconds * 1000)
  const onData = (): void => void idle.refresh()
  const onEnd = (): void => finish(true)

  function finish(complete: boolean): void {
    clearTimeout(idle)
    clearTimeout(total)
    source.off('data', onData)
    for (const event of ENDINGS) ending.off(event, onEnd)
    resolve(complete)
  }

  for (const event of ENDINGS) ending.on(event, onEnd)
  source.on('data', onData)
  source.resume()
  return promise
}

const ENDINGS = ['end', 'close', 'error'] as const

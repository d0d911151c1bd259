import type { IncomingMessage } from 'node:http'

export interface LingerBounds {
  readonly idleSeconds: number
  readonly totalSeconds: number
}

/**
 * Reads the rest of a body and drops it, so that a client that is still sending gets to read the answer: closing
 * at once would make its kernel throw the answer away (RFC 9112 §9.6). Memory stays constant; nothing is stored.
 * @returns false if the client stalled or went on for too long
 */
export function discardRest(request: IncomingMessage, bounds: LingerBounds): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const idle = setTimeout(() => finish(false), bounds.idleSeconds * 1000)
  const total = setTimeout(() => finish(false), bounds.totalSeconds * 1000)
  const onData = (): void => void idle.refresh()
  const onEnd = (): void => finish(true)

  function finish(complete: boolean): void {
    clearTimeout(idle)
    clearTimeout(total)
    request.off('data', onData)
    for (const event of ENDINGS) request.off(event, onEnd)
    resolve(complete)
  }

  if (request.readableEnded || request.destroyed) {
    finish(true)
    return promise
  }
  for (const event of ENDINGS) request.on(event, onEnd)
  request.on('data', onData)
  request.resume()
  return promise
}

const ENDINGS = ['end', 'close', 'error'] as const

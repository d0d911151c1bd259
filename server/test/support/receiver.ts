import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface Delivery {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Receiver {
  readonly url: string
  readonly deliveries: readonly Delivery[]
  /** Resolves when there are so many. */
  received(count: number): Promise<void>
}

/**
 * A program that is told of events. It ends with the test.
 * @param answer what it says to the n-th request, counted from 0; one that it does not end keeps the sender waiting
 */
export async function receiver(
  test: TestContext,
  answer: (response: ServerResponse, index: number) => void = (response) => response.writeHead(204).end(),
): Promise<Receiver> {
  const deliveries: Delivery[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const index = deliveries.push({
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(pieces).toString(),
    })
    answer(response, index - 1)
    server.emit('delivery')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deliveries,
    async received(count) {
      while (deliveries.length < count) await once(server, 'delivery')
    },
  }
}

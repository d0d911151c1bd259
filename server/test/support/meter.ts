import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { TestContext } from 'node:test'
import type { Address } from './ask.ts'

export interface Meter {
  /** Without a slash at the end. */
  readonly url: string
  /** All bytes that clients have sent so far: heads and bodies. */
  sentBytes(): number
}

/** A way to the server that counts what goes along it, and changes nothing. It ends with the test. */
export async function meterBefore(test: TestContext, { host, port }: Address): Promise<Meter> {
  let sentBytes = 0
  const way = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ host, port, allowHalfOpen: true })
    client.on('data', (piece) => {
      sentBytes += piece.byteLength
    })
    client.pipe(server).pipe(client)
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy())
      test.after(() => one.destroy())
    }
  })
  test.after(() => way.close())
  await once(way.listen(0, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${(way.address() as AddressInfo).port}`, sentBytes: () => sentBytes }
}

import type { Server } from 'node:http'
import { StartError } from './core/start-error.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** A descriptor on which somebody else listens already, in the place of host and port. */
  readonly inheritedSocket?: number | null
}

/**
 * @returns where it listens, with the real port: `http://127.0.0.1:8507`
 * @throws StartError for an inherited socket of the wrong kind, whatever the system says of an address
 */
export async function listen(server: Server, options: ListenOptions): Promise<string> {
  const { host, port, inheritedSocket = null } = options
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(inheritedSocket === null ? { host, port } : { fd: inheritedSocket }, listening)
  await promise
  server.off('error', reject)
  const address = server.address()
  // Of a peer on such a socket there is no address that could be trusted, logged or throttled.
  if (address === null || typeof address === 'string') {
    throw new StartError(
      'the socket that was passed on is no TCP socket',
      'Name an address and a port for it.',
    )
  }
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${name}:${address.port}`
}

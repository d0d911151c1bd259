import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A bare connection, for what no HTTP client would send. */
export interface RawConnection {
  readonly socket: Socket
  write(text: string | Uint8Array): void
  /** Everything received up to the moment `until` matches it, or the other side has ended. */
  read(until: RegExp): Promise<string>
  /** Everything received until the server closes its side. */
  readToEnd(): Promise<string>
  received(): string
}

export function rawConnection(
  test: TestContext,
  server: { host: string; port: number },
): Promise<RawConnection> {
  const socket = connect({ host: server.host, port: server.port, allowHalfOpen: true })
  let text = ''
  let ended = false
  const waiters = new Set<() => void>()
  const wake = (): void => {
    for (const waiter of waiters) waiter()
  }
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
    wake()
  })
  for (const event of ['end', 'close', 'error'] as const) {
    socket.on(event, () => {
      ended = true
      wake()
    })
  }
  test.after(() => socket.destroy())
  const until = (done: () => boolean): Promise<string> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!done() && !ended) return
        waiters.delete(check)
        resolve(text)
      }
      waiters.add(check)
      check()
    })
  const connection: RawConnection = {
    socket,
    write: (data) => void socket.write(data),
    read: (pattern) => until(() => pattern.test(text)),
    readToEnd: () => until(() => false),
    received: () => text,
  }
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(connection))
    socket.once('error', reject)
  })
}

import { chmodSync, closeSync, constants, existsSync, openSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AdminDeps, type AdminLine, type AdminRequest, answer } from './answer.ts'

const SOCKET = 'admin.sock'

/**
 * The door for the commands of the same machine: a Unix socket beside the database, which one process owns. Who may
 * open it is for the file system to say: it is the owner's alone. An answer is lines of JSON, so that a long walk is
 * seen while it goes on, and ends when the command does.
 */
export async function openAdminSocket(
  deps: AdminDeps,
  stateDirectory: string,
): Promise<{ close(): Promise<void> }> {
  const address = shortPath(stateDirectory)
  rmSync(address.path, { force: true })
  const server = createServer(async (incoming, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
    const asked = await requestOf(incoming)
    // A command that is interrupted closes the connection; then nobody is left to tell.
    await pipeline(Readable.from(linesOf(answer(deps, asked))), response).catch(() => {})
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(address.path, resolve)
  await promise
  chmodSync(address.path, 0o600)
  return {
    async close() {
      // Node removes the socket's name itself.
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
      address.close()
    },
  }
}

/**
 * Asks the server that owns a state directory.
 * @returns the lines of its answer; null if no server is running there
 */
export async function askServer(
  stateDirectory: string,
  asked: AdminRequest,
): Promise<AsyncIterable<AdminLine> | null> {
  if (!existsSync(stateDirectory)) return null
  const address = shortPath(stateDirectory)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | null>()
  const outgoing = request({ socketPath: address.path, method: asked.method, path: asked.path }, resolve)
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null)
    else reject(error)
  })
  outgoing.end(asked.body === undefined ? undefined : JSON.stringify(asked.body))
  const response = await promise.finally(() => address.close())
  return response && parsed(response)
}

async function requestOf(incoming: IncomingMessage): Promise<AdminRequest> {
  const chunks: Uint8Array[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const method = (incoming.method ?? 'GET') as AdminRequest['method']
  return { method, path: incoming.url ?? '', ...(text === '' ? {} : { body: JSON.parse(text) }) }
}

async function* linesOf(answers: AsyncIterable<AdminLine>): AsyncGenerator<string> {
  for await (const line of answers) yield `${JSON.stringify(line)}\n`
}

async function* parsed(response: IncomingMessage): AsyncGenerator<AdminLine> {
  for await (const line of createInterface({ input: response })) yield JSON.parse(line) as AdminLine
}

// The name of a Unix socket may have 107 bytes. Linux accepts an open directory in place of its name.
function shortPath(directory: string): { readonly path: string; close(): void } {
  const descriptors = '/proc/self/fd'
  if (!existsSync(descriptors)) return { path: `${directory}/${SOCKET}`, close() {} }
  const handle = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  return { path: `${descriptors}/${handle}/${SOCKET}`, close: () => closeSync(handle) }
}

import { chmodSync, closeSync, constants, existsSync, openSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { Deps } from '../core/deps.ts'
import { breakLock, listLocks } from './locks.ts'

const SOCKET = 'admin.sock'

/** What an answer of the socket looks like: a JSON value, or a sentence that says why there is none. */
type Answer = { readonly value: unknown } | { readonly problem: string }

/**
 * The door for the commands of the same machine: a Unix socket beside the database, which one process owns. Who may
 * open it is for the file system to say: it is the owner's alone.
 */
export async function openAdminSocket(
  deps: Deps,
  stateDirectory: string,
): Promise<{ close(): Promise<void> }> {
  const address = shortPath(stateDirectory)
  rmSync(address.path, { force: true })
  const server = createServer((incoming, response) => {
    answer(deps, incoming.method ?? '', incoming.url ?? '').then((result) => {
      response.writeHead('value' in result ? 200 : 404, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(result))
    })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(address.path, resolve)
  await promise
  chmodSync(address.path, 0o600)
  return {
    async close() {
      // Node removes the socket's name itself.
      await new Promise((closed) => server.close(closed))
      address.close()
    },
  }
}

/**
 * Asks the server that owns a state directory.
 * @returns the value; null if no server is running there
 * @throws Error with the server's sentence
 */
export function askServer(stateDirectory: string, method: 'GET' | 'DELETE', path: string): Promise<unknown> {
  const address = shortPath(stateDirectory)
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const outgoing = request({ socketPath: address.path, method, path }, async (response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of response) chunks.push(chunk)
    const result = JSON.parse(Buffer.concat(chunks).toString()) as Answer
    if ('value' in result) resolve(result.value)
    else reject(new Error(result.problem))
  })
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null)
    else reject(error)
  })
  outgoing.end()
  return promise.finally(() => address.close())
}

async function answer(deps: Deps, method: string, url: string): Promise<Answer> {
  const [, collection, name] = url.split('/').map(decodeURIComponent)
  try {
    if (collection === 'locks' && method === 'GET') return { value: await listLocks(deps) }
    if (collection === 'locks' && method === 'DELETE' && name !== undefined) {
      if (await breakLock(deps, name)) return { value: true }
      return { problem: `there is no lock ${name}` }
    }
    return { problem: `the server does not know ${method} ${url}` }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

// The name of a Unix socket may have 107 bytes. Linux accepts an open directory in place of its name.
function shortPath(directory: string): { readonly path: string; close(): void } {
  const descriptors = '/proc/self/fd'
  if (!existsSync(descriptors)) return { path: `${directory}/${SOCKET}`, close() {} }
  const handle = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  return { path: `${descriptors}/${handle}/${SOCKET}`, close: () => closeSync(handle) }
}

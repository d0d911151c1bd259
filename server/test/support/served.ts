import type { ServerOptions } from '../../src/server.ts'
import { startServer } from '../../src/server.ts'
import type { Address } from './ask.ts'
import { recordedLog } from './server.ts'

/** Serves a folder for as long as `work` takes: for what was there before the server of the test starts. */
export async function whileServed(
  folder: string,
  work: (server: Address) => Promise<unknown>,
  options: Partial<ServerOptions> = {},
): Promise<void> {
  const running = await startServer({
    folder,
    stateDirectory: null,
    host: '127.0.0.1',
    port: 0,
    basePath: '',
    limitBytes: null,
    keepFreeBytes: null,
    maxFileBytes: null,
    durability: 'full',
    authenticate: async () => ({ name: null }),
    log: recordedLog(),
    ...options,
  })
  const { hostname: host, port } = new URL(running.url)
  try {
    await work({ host, port: Number(port) })
  } finally {
    await running.close()
  }
}

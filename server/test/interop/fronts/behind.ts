import { chmodSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { ServerOptions } from '../../../src/server.ts'
import { MIB } from '../../support/content.ts'
import { serverWith, type TestServer } from '../../support/server.ts'
import { missingTool } from '../../support/tools.ts'
import { type Front, type FrontName, startFront } from './front.ts'

const BINARIES: Readonly<Record<FrontName, string>> = { nginx: 'nginx', apache: 'apache2', caddy: 'caddy' }

/** The reason to skip the tests with a front, or false. */
export function withoutFront(name: FrontName): string | false {
  return missingTool('openssl', 'curl', BINARIES[name])
}

export interface Behind {
  readonly server: TestServer
  readonly front: Front
}

/** A server of 64 MiB and a real front in front of it, which it trusts. */
export async function behind(
  test: TestContext,
  name: FrontName,
  options: Partial<ServerOptions> = {},
  edit?: (configuration: string) => string,
): Promise<Behind> {
  const server = await serverWith(test, {
    limitBytes: 64 * MIB,
    trustProxy: [{ address: '127.0.0.1', prefixBits: 32 }],
    ...options,
  })
  // A front that sends files by itself runs as another user.
  chmodSync(server.folder, 0o755)
  const wish = { upstreamPort: server.port, folder: server.folder }
  return { server, front: await startFront(test, name, edit === undefined ? wish : { ...wish, edit }) }
}

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

import type { Log, RefusalRecord, RequestRecord } from '../../src/core/log.ts'
import { type RunningServer, type ServerOptions, startServer } from '../../src/server.ts'
import { temporaryFolder } from './folder.ts'
import type { Lifetime } from './lifetime.ts'

export interface TestServer {
  /** Without a slash at the end. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly folder: string
  readonly running: RunningServer
  readonly log: RecordedLog
  /** `fetch` on a path of this server. */
  fetch(path: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>
  /** What RFC 4331 says of a collection. */
  space(path?: string): Promise<{ usedBytes: number; availableBytes: number }>
  /** What lies in the server's staging and trash folders: nothing, unless a request is running. */
  strays(): string[]
  /** The sizes of all files in the folder, summed without the server. */
  countedBytes(): number
}

export interface RecordedLog extends Log {
  readonly requests: RequestRecord[]
  readonly refusals: RefusalRecord[]
  readonly messages: string[]
}

/** A server of this process on a free port and, unless given, a new folder; it ends with the test. */
export async function serverWith(test: Lifetime, options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const folder = options.folder ?? temporaryFolder(test)
  const log = recordedLog()
  const running = await startServer({
    folder,
    stateDirectory: null,
    host: '127.0.0.1',
    port: 0,
    basePath: '',
    limitBytes: null,
    keepFreeBytes: null,
    maxFileBytes: null,
    durability: 'none',
    authenticate: async () => ({ name: null }),
    log,
    ...options,
  })
  test.after(() => running.close())
  const url = running.url.replace(/\/$/, '')
  const { hostname: host, port } = new URL(url)
  return {
    url,
    host,
    port: Number(port),
    folder,
    running,
    log,
    fetch: (path, init) => fetch(url + path, init),
    space: (path = '/') => spaceOf(url + path),
    strays: () => ['stage', 'trash'].flatMap((name) => readdirSync(join(folder, '.plimsoll', name))),
    countedBytes: () => bytesIn(folder),
  }
}

export function recordedLog(): RecordedLog {
  const messages: string[] = []
  const say = (message: string, fields?: unknown): void => void messages.push(`${message} ${inspect(fields)}`)
  const requests: RequestRecord[] = []
  const refusals: RefusalRecord[] = []
  return {
    requests,
    refusals,
    messages,
    request: (record) => void requests.push(record),
    refused: (record) => void refusals.push(record),
    info: say,
    warn: say,
    error: say,
  }
}

function inspect(fields: unknown): string {
  return JSON.stringify(fields, (_, value) => (value instanceof Error ? value.stack : value)) ?? ''
}

async function spaceOf(url: string): Promise<{ usedBytes: number; availableBytes: number }> {
  const response = await fetch(url, {
    method: 'PROPFIND',
    headers: { Depth: '0', 'Content-Type': 'application/xml' },
    body: '<D:propfind xmlns:D="DAV:"><D:prop><D:quota-used-bytes/><D:quota-available-bytes/></D:prop></D:propfind>',
  })
  const text = await response.text()
  const number = (name: string): number => Number(new RegExp(`<D:${name}>(\\d+)</D:${name}>`).exec(text)?.[1])
  return { usedBytes: number('quota-used-bytes'), availableBytes: number('quota-available-bytes') }
}

function bytesIn(folder: string): number {
  let sum = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const at = join(entry.parentPath, entry.name)
    if (entry.isFile() && !at.startsWith(join(folder, '.plimsoll')) && existsSync(at))
      sum += statSync(at).size
  }
  return sum
}

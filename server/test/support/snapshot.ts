import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from './ask.ts'
import { sha256 } from './content.ts'
import type { TestServer } from './server.ts'

export interface Snapshot {
  readonly usedBytes: number
  /** Of everything below the folder but the server's own: ETag and checksum of files, null for folders. */
  readonly members: Readonly<Record<string, { etag: string | undefined; sha: string } | null>>
  readonly strays: readonly string[]
}

/** Everything that a refused request must leave as it was; compare two with `deepEqual`. */
export async function snapshotOf(server: TestServer): Promise<Snapshot> {
  const { usedBytes } = await server.space()
  const members: Record<string, { etag: string | undefined; sha: string } | null> = {}
  const names = readdirSync(server.folder, { recursive: true, encoding: 'utf8' })
  for (const name of names.filter((name) => !name.startsWith('.plimsoll')).sort()) {
    const at = join(server.folder, name)
    if (statSync(at).isDirectory()) members[name] = null
    else members[name] = { etag: await etagOf(server, name), sha: sha256(readFileSync(at)) }
  }
  return { usedBytes, members, strays: server.strays() }
}

async function etagOf(server: TestServer, name: string): Promise<string | undefined> {
  const path = `/${name.split('/').map(encodeURIComponent).join('/')}`
  return (await ask(server, `HEAD ${path}`)).headers.etag
}

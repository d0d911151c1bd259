import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Charge } from '../../../src/core/ledger.ts'
import { contains, type ResourcePath } from '../../../src/core/path.ts'
import type { ServerOptions } from '../../../src/server.ts'
import { type Address, ask } from '../../support/ask.ts'
import { KIB, MIB, randomBytes, sha256 } from '../../support/content.ts'
import { whileServed } from '../../support/served.ts'
import { serverWith } from '../../support/server.ts'
import { lock, setting, update } from '../../support/spawned.ts'
import { type StateRows, stateRows } from '../../support/state-rows.ts'

export const BIG_BYTES = MIB
export const SMALL_BYTES = 10 * KIB
export const TREE_BYTES = 512 * KIB
export const OLD_BYTES = 256 * KIB

/** A folder with the same content in every world, and a server that has no room in the way of that world. */
export interface Scene extends Address {
  readonly folder: string
  readonly stateDirectory: string
  /** The lock on `/locked`. */
  readonly token: string
  /** How much the server took of each request of this line that it has done with; null where its log is elsewhere. */
  readonly received: ((line: string) => readonly number[]) | null
  /** Another program, which takes all the room there is while a request is on its way; for some worlds only. */
  readonly otherProgram?: { takesRoom(): void; givesItBack(): void }
  end(): Promise<void>
}

export interface Staging {
  readonly folder: string
  readonly stateDirectory?: string
  /** More content than every scene has. */
  readonly more?: (server: Address) => Promise<void>
  /** Given what the content is charged. */
  readonly options?: (used: Charge) => Partial<ServerOptions>
}

/** Lets other servers make the content, and starts the one of the world on it. */
export async function sceneOf(test: TestContext, staging: Staging): Promise<Scene> {
  const { stateDirectory, token, used } = await prepared(staging)
  const server = await serverWith(test, {
    folder: staging.folder,
    stateDirectory,
    durability: 'full',
    ...staging.options?.(used),
    limits: { lingerIdleSeconds: 1, shutdownSeconds: 0.1, ...staging.options?.(used).limits },
  })
  const { folder, host, port } = server
  return {
    host,
    port,
    folder,
    stateDirectory,
    token,
    received: (line) =>
      server.log.requests
        .filter(({ method, path }) => `${method} ${path}` === line)
        .map(({ receivedBytes }) => receivedBytes),
    async end() {
      await server.running.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The content of every scene, and what a server knows of it. */
export async function prepared({ folder, more, ...staging }: Staging) {
  mkdirSync(folder, { recursive: true })
  const stateDirectory = staging.stateDirectory ?? join(folder, '.plimsoll')
  let token = ''
  await whileServed(
    folder,
    async (server) => {
      token = await fill(server)
      await more?.(server)
    },
    { stateDirectory, durability: 'none' },
  )
  return { stateDirectory, token, used: chargeIn(stateRows(stateDirectory)) }
}

function chargeIn(rows: StateRows): Charge {
  const root = (rows.space ?? []).find(({ path }) => path === '/')
  return {
    bytes: Number(root?.used_bytes),
    entries: Number(root?.used_entries),
    propertyBytes: Number(root?.used_property_bytes),
  }
}

async function fill(server: Address): Promise<string> {
  for (const path of ['/tree', '/tree/sub', '/inner']) await ask(server, `MKCOL ${path}`)
  for (const [path, bytes] of [
    ['/kept', BIG_BYTES],
    ['/old', OLD_BYTES],
    ['/locked', 10],
    ['/tree/one', TREE_BYTES / 2],
    ['/tree/sub/two', TREE_BYTES / 2],
    ['/inner/old', 1000],
  ] as const) {
    assert.equal((await ask(server, `PUT ${path}`, { body: randomBytes(bytes) })).status, 201, path)
  }
  for (const path of ['/kept', '/tree/sub']) await update(server, path, setting('z:color', 'x'.repeat(500)))
  return await lock(server, '/locked')
}

interface FileLook {
  readonly etag: string | undefined
  readonly sha: string
  readonly bytes: number
}

export interface Look {
  /** Everything but the server's own: null for folders. */
  readonly members: Readonly<Record<string, FileLook | null>>
  /** Counters, reservations, claims, properties and locks, as they stand in their rows. */
  readonly rows: StateRows
  readonly strays: readonly string[]
}

/** Everything that a refused request must leave as it was. */
export async function lookAt(scene: Scene): Promise<Look> {
  const members: Record<string, FileLook | null> = {}
  for (const entry of readdirSync(scene.folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(scene.folder.length)
    if (path.startsWith('/.plimsoll')) continue
    if (!entry.isFile()) members[path] = null
    else {
      const { etag } = (await ask(scene, `HEAD ${path}`)).headers
      const content = readFileSync(join(scene.folder, path))
      members[path] = { etag, sha: sha256(content), bytes: content.byteLength }
    }
  }
  const own = join(scene.folder, '.plimsoll')
  const strays = ['stage', 'trash'].flatMap((name) => readdirSync(join(own, name)))
  return { members, rows: stateRows(scene.stateDirectory), strays }
}

/** The counters of a collection with limits of its own. */
export function spaceIn({ rows }: Look, path: string): Readonly<Record<string, number>> {
  const found = (rows.space ?? []).find((row) => row.path === path)
  assert.ok(found, `${path} has no limit of its own`)
  return found as Readonly<Record<string, number>>
}

/** What the properties at and below a path are charged. */
export function chargedIn({ rows }: Look, path: string): number {
  const holders = (rows.property_holder ?? []).filter(({ path: at }) =>
    contains(path as ResourcePath, at as ResourcePath),
  )
  const ids = new Set(holders.map(({ id }) => id))
  return (rows.property ?? [])
    .filter(({ holder }) => ids.has(holder))
    .reduce((sum, row) => sum + Number(row.charged_bytes), 0)
}

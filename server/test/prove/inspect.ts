import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Address, ask } from '../support/ask.ts'
import { sha256 } from '../support/content.ts'
import { asking, childrenOf, type Member, membersOf, propfind } from '../support/multistatus.ts'
import type { ServerProcess } from '../support/process.ts'
import type { Client } from './client.ts'
import type { Entry, Tree } from './tree.ts'

/** How the servers of a proof are started: open to this machine, and willing to tell everything at once. */
export const SERVE = ['--durability', 'full', '--infinite-depth', '10000'] as const

/** Whether a server looks out for other programs while it works. There are none, so it must find nothing. */
export const WATCHING = ['auto', 'off'] as const

export interface Place {
  readonly folder: string
  readonly limitBytes: number
}

export interface Crash extends Place {
  /** What each client was answered before the crash began, and had begun before it was over. */
  readonly known: ReadonlyMap<Client, { readonly answered: number; readonly begun: number }>
}

/**
 * Looks at a server that was started on what a crash has left.
 * @returns what each client will find, and how many things there are that were acknowledged
 * @throws AssertionError if something acknowledged is missing or not whole, or the counters are wrong
 */
export async function requireWhole(server: ServerProcess, crash: Crash) {
  const { folder, limitBytes, known } = crash
  const found = new Map<Client, Tree>()
  for (const [client, progress] of known) {
    const tree = await treeAt(server, folder, client.root)
    assert.equal(client.contradiction(tree, progress), null)
    found.set(client, tree)
  }
  await requireSound(server, { folder, limitBytes })
  const survivors = [...found.values()].reduce((sum, tree) => sum + tree.size, 0)
  return { found, survivors }
}

/** Nothing is left over, and the counters are right without having been corrected. */
export async function requireSound(server: ServerProcess, place: Place): Promise<void> {
  await requireCounted(server, place)
  requireNoDrift(server)
}

/** No other program has changed anything, so a server that finds a difference has made it. */
export function requireNoDrift(server: ServerProcess): void {
  assert.doesNotMatch(server.log(), /differs? from the counters/)
}

/** Nothing is left over, and the counters are right by now. */
export async function requireCounted(server: ServerProcess, { folder, limitBytes }: Place): Promise<void> {
  for (const own of ['stage', 'trash']) {
    assert.deepEqual(readdirSync(join(folder, '.plimsoll', own)), [], `something is left in ${own}`)
  }
  const { used, available } = await figuresOf(server)
  assert.equal(available, limitBytes - used, 'room is still reserved')
  assert.ok(used >= bytesIn(folder), 'files are not counted')
  assert.doesNotMatch(server.log(), /"level":"error"/, server.log())
}

/** Everything below a path, as clients see it; contents are read from the disk. */
export async function treeAt(server: Address, folder: string, root: string): Promise<Tree> {
  const answer = await ask(server, `PROPFIND ${root}`, { headers: { Depth: 'infinity' } })
  if (answer.status === 404) return new Map()
  return new Map(membersOf(answer).map((member) => [member.href.replace(/\/$/, ''), entryOf(member, folder)]))
}

function entryOf({ href, found }: Member, folder: string): Entry {
  const isCollection = found.get('DAV:resourcetype')?.children.length === 1
  const own = [...found].filter(([name]) => name.startsWith('{urn:z}'))
  const lock = found.get('DAV:lockdiscovery')?.children[0]
  const [token] = lock === undefined ? [] : childrenOf(lock, 'DAV:locktoken')
  return {
    content: isCollection ? 'collection' : sha256(readFileSync(join(folder, href))),
    properties: Object.fromEntries(own.map(([name, { text }]) => [name.slice('{urn:z}'.length), text])),
    token: token?.text.trim() ?? null,
  }
}

async function figuresOf(server: Address): Promise<{ used: number; available: number }> {
  const [root] = await propfind(server, '/', { body: asking('quota-used-bytes', 'quota-available-bytes') })
  const figure = (name: string): number => Number(root?.found.get(`DAV:${name}`)?.text)
  return { used: figure('quota-used-bytes'), available: figure('quota-available-bytes') }
}

function bytesIn(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile() && !file.startsWith(join(folder, '.plimsoll'))) bytes += readFileSync(file).byteLength
  }
  return bytes
}

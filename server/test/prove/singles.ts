import assert from 'node:assert/strict'
import { type Address, ask } from '../support/ask.ts'
import { inChunks } from '../support/content.ts'
import {
  askLock,
  failures,
  lock,
  removing,
  setting,
  transfer,
  unlock,
  update,
  verdicts,
} from '../support/spawned.ts'
import { upload } from '../support/upload.ts'
import { treeAt } from './inspect.ts'

/** A request on a folder that is made for it, `/x`, and is always the same. */
export interface Single {
  readonly name: string
  /** Makes what it needs; `/x` is there and empty. */
  prepare(server: Address): Promise<unknown>
  request(server: Address): Promise<Answered>
}

export interface Answered {
  /** Of a 207 about properties that of the one it is about. */
  readonly status: number
  /** Members of a copy that a 207 says are missing. */
  readonly missing: readonly string[]
}

const TEXT = 'some content that is longer than a line\n'.repeat(500)

export const SINGLES: readonly Single[] = [
  single('PUT of a new file', none, (server) => put(server, '/x/a', TEXT)),
  single('PUT over a file', oneFile, (server) => put(server, '/x/a', TEXT)),
  single('PUT of a chunked body', oneFile, (server) => put(server, '/x/a', TEXT, true)),
  single('MKCOL', none, (server) => statusOf(server, 'MKCOL /x/c')),
  single('DELETE of a file', oneFile, (server) => statusOf(server, 'DELETE /x/a')),
  single('DELETE of a tree', tree, (server) => statusOf(server, 'DELETE /x/c')),
  single('COPY of a file', oneFile, (server) => moveOrCopy(server, 'COPY', '/x/a', '/x/b')),
  single('COPY of a tree', tree, (server) => moveOrCopy(server, 'COPY', '/x/c', '/x/e')),
  single('COPY of a tree over a tree', twoTrees, (server) => moveOrCopy(server, 'COPY', '/x/c', '/x/e')),
  single('MOVE of a file', oneFile, (server) => moveOrCopy(server, 'MOVE', '/x/a', '/x/b')),
  single('MOVE of a tree', tree, (server) => moveOrCopy(server, 'MOVE', '/x/c', '/x/e')),
  single('MOVE of a tree over a tree', twoTrees, (server) => moveOrCopy(server, 'MOVE', '/x/c', '/x/e')),
  single('PROPPATCH that sets', oneFile, (server) => patch(server, setting('z:size', 'large'))),
  single('PROPPATCH that removes', oneFile, (server) => patch(server, removing('z:color'))),
  single('LOCK of a file', oneFile, (server) => take(server, '/x/a')),
  single('LOCK of an unmapped URL', none, (server) => take(server, '/x/new')),
  unlocking(),
]

/** Takes away what there is, locks included, and prepares anew. */
export async function prepareAnew(server: Address, folder: string, { prepare }: Single): Promise<void> {
  for (const [path, { token }] of await treeAt(server, folder, '/x')) {
    if (token !== null) await unlock(server, path, token)
  }
  await ask(server, 'DELETE /x')
  assert.equal((await ask(server, 'MKCOL /x')).status, 201)
  await prepare(server)
}

function single(
  name: string,
  prepare: Single['prepare'],
  request: (server: Address) => Promise<number | Answered>,
): Single {
  return {
    name,
    prepare,
    async request(server) {
      const answered = await request(server)
      return typeof answered === 'number' ? { status: answered, missing: [] } : answered
    },
  }
}

function unlocking(): Single {
  let token = ''
  return single(
    'UNLOCK',
    async (server) => {
      await oneFile(server)
      token = await lock(server, '/x/a')
    },
    async (server) => (await unlock(server, '/x/a', token)).status,
  )
}

async function none(): Promise<void> {}

async function oneFile(server: Address): Promise<void> {
  assert.equal(await put(server, '/x/a', 'old content'), 201)
  await update(server, '/x/a', setting('z:color', 'red'))
}

async function tree(server: Address): Promise<void> {
  for (const path of ['/x/c', '/x/c/d']) assert.equal(await statusOf(server, `MKCOL ${path}`), 201)
  for (const path of ['/x/c/a', '/x/c/d/b']) assert.equal(await put(server, path, `content of ${path}`), 201)
  await update(server, '/x/c/d/b', setting('z:color', 'red'))
}

async function twoTrees(server: Address): Promise<void> {
  await tree(server)
  assert.equal(await statusOf(server, 'MKCOL /x/e'), 201)
  assert.equal(await put(server, '/x/e/old', 'what was there before'), 201)
  await update(server, '/x/e/old', setting('z:color', 'blue'))
}

async function put(server: Address, path: string, text: string, isChunked = false): Promise<number> {
  const body = Buffer.from(text)
  return (await upload(server, path, isChunked ? inChunks(body, 4096) : body)).status
}

async function statusOf(server: Address, line: string): Promise<number> {
  return (await ask(server, line)).status
}

async function moveOrCopy(
  server: Address,
  method: 'COPY' | 'MOVE',
  from: string,
  to: string,
): Promise<Answered> {
  const answer = await transfer(server, method, from, to)
  if (answer.status !== 207) return { status: answer.status, missing: [] }
  return { status: 207, missing: Object.keys(failures(answer)).map((href) => href.replace(/\/$/, '')) }
}

async function patch(server: Address, change: string): Promise<number> {
  const answer = await update(server, '/x/a', change)
  if (answer.status !== 207) return answer.status
  return Number.parseInt(Object.values(verdicts(answer))[0] ?? '', 10)
}

async function take(server: Address, path: string): Promise<number> {
  return (await askLock(server, path, { headers: { Timeout: 'Second-3600' } })).status
}

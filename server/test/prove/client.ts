import assert from 'node:assert/strict'
import { type Address, ask } from '../support/ask.ts'
import { inChunks, KIB, sha256 } from '../support/content.ts'
import type { Random } from '../support/random.ts'
import { askLock, removing, setting, transfer, unlock, update, verdicts } from '../support/spawned.ts'
import { upload } from '../support/upload.ts'
import { COLLECTION, isWithin, linesOf, type Tree, withCopy, withEntry, withoutTree } from './tree.ts'

/**
 * Works in a folder of its own, one request after the other, and remembers what was there after each of them: whatever
 * crash there is, exactly one of these states must be found.
 */
export interface Client {
  readonly root: string
  /** Makes a request. @throws what the connection throws when the server is gone */
  step(server: Address): Promise<void>
  /** How many requests were sent, and how many of them were answered. */
  progress(): { readonly begun: number; readonly answered: number }
  /**
   * @param known what was answered before a crash began, and begun before it was over
   * @returns a sentence if the state is none of those that may be
   */
  contradiction(found: Tree, known: { readonly answered: number; readonly begun: number }): string | null
  /** Goes on from what is there. */
  resume(found: Tree): void
}

const EMPTY: Tree = new Map()

export function clientAt(root: string, random: Random): Client {
  // The state after each request; of the one that runs, the state if it succeeds.
  let states: Tree[] = [EMPTY]
  let answered = 0
  const current = (): Tree => states[answered] ?? EMPTY
  return {
    root,
    async step(server) {
      const request = requestFrom(random, current(), root)
      states.push(request.after)
      const after = await request.send(server)
      states[answered + 1] = after ?? current()
      answered += 1
    },
    progress: () => ({ begun: states.length - 1, answered }),
    contradiction(found, known) {
      const seen = linesOf(found).join('\n')
      const possible = states.slice(known.answered, known.begun + 1).map((state) => linesOf(state).join('\n'))
      if (possible.includes(seen)) return null
      return `under ${root} there is\n${seen}\nand not\n${[...new Set(possible)].join('\nor\n')}`
    },
    resume(found) {
      states = [found]
      answered = 0
    },
  }
}

interface Request {
  /** What is there if it succeeds. */
  readonly after: Tree
  /** @returns what is there by its answer; null where it was refused and has changed nothing */
  send(server: Address): Promise<Tree | null>
}

function requestFrom(random: Random, tree: Tree, root: string): Request {
  if (!tree.has(root)) return makeCollection(tree, root)
  const path = pathFrom(random, root)
  switch (random.pick(STEPS)) {
    case 'PUT':
      return put(tree, path, contentFrom(path, random), random.below(3) === 0)
    case 'MKCOL':
      return makeCollection(tree, path)
    case 'DELETE':
      return remove(tree, path)
    case 'COPY':
      return copyOrMove('COPY', tree, path, pathFrom(random, root))
    case 'MOVE':
      return copyOrMove('MOVE', tree, path, pathFrom(random, root))
    case 'PROPPATCH':
      return patch(tree, path, random)
    case 'LOCK':
      return lockOrUnlock(tree, `${root}/locked-${random.below(2)}`)
  }
}

const STEPS = [
  ...(['PUT', 'PUT', 'PUT', 'PUT', 'MKCOL', 'MKCOL', 'DELETE', 'COPY', 'COPY'] as const),
  ...(['MOVE', 'MOVE', 'PROPPATCH', 'PROPPATCH', 'LOCK'] as const),
]

/** Few names, so that requests meet what is there. */
function pathFrom(random: Random, root: string): string {
  const names = Array.from({ length: 1 + random.below(3) }, () => random.pick(['a', 'b', 'c']))
  return [root, ...names].join('/')
}

/** Says in every line what it is, so that a mixture could be read. */
function contentFrom(path: string, random: Random): Uint8Array {
  const line = `${path} version ${random.below(2 ** 31)}\n`
  const bytes = random.below(random.below(4) === 0 ? 300 * KIB : 8 * KIB)
  return Buffer.from(line.repeat(Math.ceil(bytes / line.length))).subarray(0, bytes)
}

function put(tree: Tree, path: string, body: Uint8Array, isChunked: boolean): Request {
  const properties = tree.get(path)?.properties ?? {}
  const after = withEntry(tree, path, { content: sha256(body), properties, token: null })
  const refusals = [
    ...(tree.get(path)?.content === 'collection' ? [405] : []),
    ...(hasParent(tree, path) ? [] : [409]),
  ]
  return request(after, refusals, `PUT ${path}`, (server) =>
    upload(server, path, isChunked ? inChunks(body) : body),
  )
}

function makeCollection(tree: Tree, path: string): Request {
  const refusals = [...(tree.has(path) ? [405] : []), ...(hasParent(tree, path) ? [] : [409])]
  const line = `MKCOL ${path}`
  return request(withEntry(tree, path, COLLECTION), refusals, line, (server) => ask(server, line))
}

function remove(tree: Tree, path: string): Request {
  const line = `DELETE ${path}`
  const refusals = tree.has(path) ? [] : [404]
  return request(withoutTree(tree, path), refusals, line, (server) => ask(server, line))
}

function copyOrMove(method: 'COPY' | 'MOVE', tree: Tree, from: string, to: string): Request {
  const isForbidden = isWithin(from, to) || isWithin(to, from)
  const refusals = [
    ...(tree.has(from) ? [] : [404]),
    ...(isForbidden ? [403, 409] : []),
    ...(hasParent(tree, to) ? [] : [409]),
  ]
  // Into itself: allowed for COPY, and nothing a client wants.
  if (isForbidden && method === 'COPY') return remove(tree, from)
  const copied = withCopy(tree, from, to)
  const after = method === 'COPY' ? copied : withoutTree(copied, from)
  return request(after, refusals, `${method} ${from} to ${to}`, (server) =>
    transfer(server, method, from, to),
  )
}

function patch(tree: Tree, path: string, random: Random): Request {
  const name = random.pick(['color', 'size'])
  const value = random.below(4) === 0 ? null : `v${random.below(1000)}`
  const entry = tree.get(path)
  const { [name]: _, ...others } = entry?.properties ?? {}
  const properties = value === null ? others : { ...others, [name]: value }
  const after = entry === undefined ? tree : withEntry(tree, path, { ...entry, properties })
  const change = value === null ? removing(`z:${name}`) : setting(`z:${name}`, value)
  return request(after, entry === undefined ? [404] : [], `PROPPATCH ${path}`, async (server) => {
    const answer = await update(server, path, change)
    if (answer.status !== 207) return answer
    const [verdict = ''] = Object.values(verdicts(answer))
    return { status: verdict === '200' ? 204 : Number.parseInt(verdict, 10) }
  })
}

/** Of a file that is nothing but locked and unlocked; the first time it is not there. */
function lockOrUnlock(tree: Tree, path: string): Request {
  const entry = tree.get(path) ?? { content: sha256(new Uint8Array()), properties: {}, token: null }
  const { token } = entry
  if (token !== null) {
    const after = withEntry(tree, path, { ...entry, token: null })
    return request(after, [], `UNLOCK ${path}`, (server) => unlock(server, path, token))
  }
  const after = withEntry(tree, path, { ...entry, token: 'not yet known' })
  return {
    after,
    async send(server) {
      const answer = await askLock(server, path, { headers: { Timeout: 'Second-86400' } })
      if (refusedOr(answer.status, [], `LOCK ${path}`)) return null
      return withEntry(tree, path, { ...entry, token: String(answer.headers['lock-token']).slice(1, -1) })
    },
  }
}

function request(
  after: Tree,
  refusals: readonly number[],
  line: string,
  send: (server: Address) => Promise<{ readonly status: number }>,
): Request {
  return {
    after,
    async send(server) {
      const { status } = await send(server)
      return refusedOr(status, refusals, line) ? null : after
    },
  }
}

/** @returns whether it was refused, be it for what is there or for want of space */
function refusedOr(status: number, refusals: readonly number[], line: string): boolean {
  const expected = refusals.length > 0 ? refusals : [200, 201, 204, 507]
  assert.ok(expected.includes(status), `${line} was answered ${status} and not ${expected}`)
  return status >= 400
}

function hasParent(tree: Tree, path: string): boolean {
  const parent = path.slice(0, path.lastIndexOf('/'))
  return parent === '' || tree.get(parent)?.content === 'collection'
}

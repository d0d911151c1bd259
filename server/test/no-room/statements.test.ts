import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { parseSpace } from '../../src/config/space-limits.ts'
import { ask } from '../support/ask.ts'
import { MIB } from '../support/content.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { cannotMount } from '../support/tools.ts'
import { mountedVolume } from '../support/volume.ts'

const GROUPS = 200
const NAMES = ['a', 'b', 'c', 'd']
const MANY_FILES = 100_000
const FEW_FILES = 100

/** 200 groups of five spaces, each in the one before: `/g7`, `/g7/a` … `/g7/a/b/c/d`. */
const SPACES = Array.from({ length: GROUPS }, (_, group) =>
  [0, 1, 2, 3, 4].map((depth) => parseSpace(`${pathAt(group, depth)}:limit=1GiB,entries=1000000`)),
).flat()

function pathAt(group: number, depth: number): string {
  return [`/g${group}`, ...NAMES.slice(0, depth)].join('/')
}

function filled(test: TestContext, files: number): string {
  const folder = join(mountedVolume(test, 'tmpfs', { sizeBytes: 256 * MIB }), 'files')
  for (let group = 0; group < GROUPS; group++) {
    const at = join(folder, pathAt(group, 4))
    mkdirSync(at, { recursive: true })
    for (let file = 0; file < files / GROUPS; file++) writeFileSync(join(at, `f${file}`), '')
  }
  return folder
}

/** How many statements SQLite runs meanwhile. */
async function statementsOf(test: TestContext, work: () => Promise<unknown>): Promise<number> {
  let count = 0
  const counted: [object, string][] = [
    ...['run', 'get', 'all', 'iterate'].map((name): [object, string] => [StatementSync.prototype, name]),
    [DatabaseSync.prototype, 'exec'],
  ]
  const restores = counted.map(([prototype, name]) => {
    const original = Reflect.get(prototype, name) as (...values: unknown[]) => unknown
    const spy = function (this: unknown, ...values: unknown[]): unknown {
      count += 1
      return Reflect.apply(original, this, values)
    }
    Reflect.set(prototype, name, spy)
    return () => void Reflect.set(prototype, name, original)
  })
  try {
    await work()
  } finally {
    for (const restore of restores) restore()
  }
  test.diagnostic(`${count} statements`)
  return count
}

function put(server: TestServer, path: string): () => Promise<void> {
  return async () => {
    assert.equal((await ask(server, `PUT ${path}`, { body: 'some content' })).status, 201)
  }
}

// In memory: a hundred thousand files would take a disk a minute.
describe('a thousand spaces, five deep', { skip: cannotMount() }, () => {
  it('cost a PUT the same number of statements at any depth, with few files and with many (STOR-05)', async (test) => {
    const few = await serverWith(test, { folder: filled(test, FEW_FILES), spaces: SPACES })
    const many = await serverWith(test, { folder: filled(test, MANY_FILES), spaces: SPACES })
    assert.equal((await few.running.summary()).limitBytes, null)

    const counts: number[] = []
    for (const server of [few, many]) {
      for (const depth of [0, 2, 4]) {
        counts.push(await statementsOf(test, put(server, `${pathAt(7, depth)}/new-${depth}`)))
      }
    }

    const [first = 0] = counts
    assert.deepEqual(
      counts,
      counts.map(() => first),
    )
    assert.ok(first < 60, `${first} statements`)
  })
})

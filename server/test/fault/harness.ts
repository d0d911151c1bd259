import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { copyTree } from '../../src/core/copy.ts'
import type { Deps } from '../../src/core/deps.ts'
import type { Guard } from '../../src/core/guard.ts'
import { NO_LIMITS, type SpaceLimits } from '../../src/core/ledger.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts'
import { silentLog } from '../../src/core/log.ts'
import { makeCollection } from '../../src/core/mkcol.ts'
import { moveTree } from '../../src/core/move.ts'
import { type ResourcePath, ROOT, resourcePath } from '../../src/core/path.ts'
import { type Put, put } from '../../src/core/put.ts'
import { recoverAll } from '../../src/core/recover.ts'
import { remove } from '../../src/core/remove.ts'
import type { Totals } from '../../src/core/resource.ts'
import type { Lock } from '../../src/core/state.ts'
import { sqliteState } from '../../src/state/sqlite/index.ts'
import { folderStore } from '../../src/storage/folder/index.ts'
import { temporaryFolder } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'

export const UNCONDITIONAL: Guard = {
  user: null,
  conditions: { ifMatch: null, ifNoneMatch: null, ifModifiedSinceMs: null, ifUnmodifiedSinceMs: null },
  ifHeader: null,
}

/** What the operations run on: a real folder and a real database in it. */
export function depsIn(folder: string, limits: Partial<Limits> = {}): Deps & { close(): Promise<void> } {
  const stateDirectory = join(folder, '.plimsoll')
  mkdirSync(stateDirectory, { recursive: true })
  const store = folderStore({ folder, durability: 'none', nowMs: Date.now })
  const state = sqliteState({ directory: stateDirectory, sharesContentVolume: true, isDurable: false })
  let ids = 0
  return {
    store,
    state,
    log: silentLog,
    limits: { ...DEFAULT_LIMITS, ...limits },
    running: new Map(),
    unreleased: new Set(),
    unsettled: new Set(),
    ending: new Map(),
    nowMs: Date.now,
    newId: () => {
      ids += 1
      return `id-${process.pid}-${ids}`
    },
    async close() {
      await state.close()
      await store.close()
    },
  }
}

/** The same in a new folder, for as long as the test takes. */
export function sceneOf(
  test: Lifetime,
  limits: Partial<Limits> = {},
): { readonly deps: Deps; readonly folder: string } {
  const folder = temporaryFolder(test)
  const deps = depsIn(folder, limits)
  test.after(() => deps.close())
  return { deps, folder }
}

/** `'/a/b'` as a path. */
export function at(path: string): ResourcePath {
  return resourcePath(path.split('/').filter((segment) => segment !== ''))
}

export async function putText(
  deps: Deps,
  path: string,
  text: string,
  more: Partial<Put> = {},
): Promise<void> {
  await put(deps, {
    path: at(path),
    guard: UNCONDITIONAL,
    modifiedMs: null,
    declaredBytes: null,
    hintedBytes: null,
    body: inPieces(text),
    contentType: `text/x-${text.length}`,
    ...more,
  })
}

export async function mkcol(deps: Deps, path: string): Promise<void> {
  await makeCollection(deps, { path: at(path), guard: UNCONDITIONAL })
}

export async function copy(deps: Deps, from: string, to: string): Promise<void> {
  const transfer = { from: at(from), to: at(to), overwrite: true, guard: UNCONDITIONAL }
  await copyTree(deps, { ...transfer, depth: 'infinity' })
}

export async function move(deps: Deps, from: string, to: string): Promise<void> {
  await moveTree(deps, { from: at(from), to: at(to), overwrite: true, guard: UNCONDITIONAL })
}

export async function limit(deps: Deps, path: string, limits: Partial<SpaceLimits>): Promise<void> {
  const setting = { path: at(path), kind: 'collection' as const, limits: { ...NO_LIMITS, ...limits } }
  await deps.state.ledger.setSpace(setting)
}

export async function removeAt(deps: Deps, path: string): Promise<void> {
  await remove(deps, { path: at(path), guard: UNCONDITIONAL })
}

async function* inPieces(text: string): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < text.length; from += 1000) yield Buffer.from(text.slice(from, from + 1000))
}

/** Everything a client could see, a line each: paths with contents, properties and times long past, and locks. */
export async function visible(deps: Deps, folder: string): Promise<readonly string[]> {
  const found = (await deps.state.locks.all(Date.now())).map(lockLine)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const path = file.slice(folder.length)
    if (path.startsWith('/.plimsoll')) continue
    const types = (await deps.state.properties.of([at(path)])).get(at(path)) ?? []
    const type = types.map(({ value }) => value).join()
    const content = entry.isFile() ? readFileSync(file, 'utf8') : 'collection'
    found.push(`${path} ${content} (${type})${timeLongPast(file)}`)
  }
  return found.sort()
}

function lockLine({ root, scope, depth, timeoutSeconds }: Lock): string {
  return `lock of ${root}: ${scope}, ${depth}, ${timeoutSeconds} s`
}

/** A time that somebody has set; that of an upload is another one every time. */
function timeLongPast(file: string): string {
  const { mtimeMs } = statSync(file)
  return mtimeMs < LONG_PAST_MS ? ` of ${Math.floor(mtimeMs / 1000)}` : ''
}

const LONG_PAST_MS = 1_000_000_000_000

/** After a recovery: nothing staged, nothing reserved, no claim, and the counters are what a recount would say. */
export async function requireSettled(deps: Deps, folder: string, after = ''): Promise<void> {
  const staged = ['stage', 'trash'].flatMap((name) => readdirSync(join(folder, '.plimsoll', name)))
  assert.deepEqual(staged, [], `something is left in the folders of the server ${after}`)
  assert.deepEqual(await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER), [], `a claim is left ${after}`)
  await requireNoOrphans(deps, after)
  const [root] = await deps.state.ledger.enclosing(ROOT)
  let counted: Totals = { bytes: 0, entries: 0 }
  for await (const sum of deps.store.measure(ROOT)) counted = sum
  const propertyBytes = await deps.state.properties.chargedBytes(ROOT, 'infinity')
  assert.deepEqual(
    {
      bytes: root?.usedBytes,
      entries: root?.usedEntries,
      reserved: root?.reservedBytes,
      reservedEntries: root?.reservedEntries,
    },
    {
      bytes: counted.bytes + propertyBytes,
      entries: counted.entries,
      reserved: 0,
      reservedEntries: 0,
    },
    `the counters differ from the folder ${after}`,
  )
}

/** No property and no lock belongs to something that is not there. */
async function requireNoOrphans(deps: Deps, after: string): Promise<void> {
  const paths = (await deps.state.locks.all(Date.now())).map(({ root }) => root)
  for await (const page of deps.state.properties.paths(null)) paths.push(...page)
  for (const path of paths) {
    const owner = path.startsWith('/') ? await deps.store.stat(path) : null
    assert.notEqual(owner, null, `${path} has a property or a lock and is not there ${after}`)
  }
}

/** What a start does, which knows only what was written down. */
export async function recover(deps: Deps): Promise<void> {
  for (const known of [deps.running, deps.unreleased, deps.unsettled]) known.clear()
  await recoverAll(deps)
}

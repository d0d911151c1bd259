import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Deps } from '../../src/core/deps.ts'
import { NO_LIMITS } from '../../src/core/ledger.ts'
import { at, depsIn, mkcol } from '../fault/harness.ts'
import { folderInMemory } from '../support/folder.ts'
import { LIMITS, lineOf, linesOf, type Model, usedBytes } from './model.ts'
import { PROPERTY } from './operations.ts'

export interface Scene {
  readonly deps: Deps
  readonly folder: string
}

/** Works on a real folder and a real database, with the beginning of the model and its limits, and removes them. */
export async function withScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const cleanUp: (() => unknown)[] = []
  const folder = folderInMemory({ after: (hook) => void cleanUp.push(hook as () => unknown) })
  const deps = depsIn(folder, { growthStepBytes: 25, growthStepMaxBytes: 50 })
  const settings = [...LIMITS].map(([path, limitBytes]) => ({
    path,
    kind: 'collection' as const,
    limits: { ...NO_LIMITS, limitBytes },
  }))
  try {
    for (const path of ['/a', '/b']) await mkcol(deps, path)
    await deps.state.ledger.configureSpaces(settings)
    await work({ deps, folder })
  } finally {
    await deps.close()
    for (const hook of cleanUp) await hook()
  }
}

/** The folder, the properties and the counters are those of the model, nothing is staged and nothing promised. */
export async function requireSame({ deps, folder }: Scene, model: Model, context: string): Promise<void> {
  assert.deepEqual(await visibleLines(deps, folder), linesOf(model), context)
  const staged = ['stage', 'trash'].flatMap((name) => readdirSync(join(folder, '.plimsoll', name)))
  assert.deepEqual(staged, [], `staged ${context}`)
  for (const space of await deps.state.ledger.spaces()) {
    const { path, usedBytes: used, reservedBytes: reserved } = space
    assert.deepEqual({ path, used, reserved }, { path, used: usedBytes(model, path), reserved: 0 }, context)
  }
  const entries = (await deps.state.ledger.spaces()).find(({ path }) => path === '/')?.usedEntries
  assert.equal(entries, model.size - 1, `entries ${context}`)
}

export async function visibleLines(deps: Deps, folder: string): Promise<readonly string[]> {
  const lines: string[] = []
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const path = file.slice(folder.length)
    if (path.startsWith('/.plimsoll')) continue
    const stored = (await deps.state.properties.of([at(path)])).get(at(path)) ?? []
    const property = stored.find(({ local }) => local === PROPERTY.local)?.value ?? null
    lines.push(lineOf(path, entry.isFile() ? readFileSync(file, 'utf8') : null, property))
  }
  return lines.sort()
}

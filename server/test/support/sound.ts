import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from './content.ts'
import type { History, State } from './history.ts'
import { asking, propfind } from './multistatus.ts'
import type { ServerProcess } from './process.ts'

export interface Expected {
  readonly folder: string
  readonly history: History
  readonly limitBytes: number
  /** Named in every failure. */
  readonly when: string
}

/** Looks at a server that was started again after a crash, and takes what it finds for the new beginning. */
export async function assertSound(server: ServerProcess, expected: Expected): Promise<void> {
  const { folder, history, limitBytes, when } = expected
  const { found, bytes } = contentOf(folder)
  assert.deepEqual(history.contradictions(found), [], when)
  assert.deepEqual(await figuresOf(server), { used: bytes, available: limitBytes - bytes }, when)
  for (const own of ['stage', 'trash']) {
    assert.deepEqual(readdirSync(join(folder, '.plimsoll', own)), [], `${own}, ${when}`)
  }
  // The journal must have repaired the counters; a recount would hide that it had not.
  assert.doesNotMatch(server.log(), /differs from the counters/, when)
  assert.doesNotMatch(server.log(), /"level":"error"/, when)
  history.settle(found)
}

function contentOf(folder: string): { found: Map<string, State>; bytes: number } {
  const found = new Map<string, State>()
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(folder.length)
    if (path.startsWith('/.plimsoll')) continue
    const content = entry.isFile() ? readFileSync(join(folder, path)) : null
    found.set(path, content === null ? 'collection' : sha256(content))
    bytes += content?.byteLength ?? 0
  }
  return { found, bytes }
}

async function figuresOf(server: ServerProcess): Promise<{ used: number; available: number }> {
  const [root] = await propfind(server, '/', { body: asking('quota-used-bytes', 'quota-available-bytes') })
  const figure = (name: string): number => Number(root?.found.get(`DAV:${name}`)?.text)
  return { used: figure('quota-used-bytes'), available: figure('quota-available-bytes') }
}

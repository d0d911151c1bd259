import assert from 'node:assert/strict'
import { MIB } from '../support/content.ts'
import { folderInMemory } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'
import { type ServerProcess, serverProcess } from '../support/process.ts'
import { CALLS, killBeforeCall } from '../support/strace.ts'
import { missingTool } from '../support/tools.ts'
import { requireSound, SERVE, treeAt } from './inspect.ts'
import type { Proof } from './proof.ts'
import { prepareAnew, SINGLES, type Single } from './singles.ts'
import { linesOf } from './tree.ts'

export const LIMIT_BYTES = 4 * MIB

export const killSteps: Proof = {
  name: 'steps',
  does: `A request and two system calls that change the disk are drawn (${CALLS.join(', ')}). The server is killed before the first such call of the request, then before the second, until the request is answered. After each new start the tree is the old one or the new one, with properties and locks; nothing staged, no room reserved, counters right.`,
  cannotSee: 'Several requests at once.',
  skip: missingTool('strace'),
  async round({ random, life }) {
    const killing = [random.pick(CALLS), random.pick(CALLS)].map((call) => ({ call, most: MOST_CALLS }))
    const kinds = await killAtEach(life, random.pick(SINGLES), killing)
    const kills = Object.values(kinds).reduce((sum, count) => sum + count, 0)
    return { kills, operations: kills, survivors: kills, kinds }
  },
}

const MOST_CALLS = 60

/** The calls before which a request is killed: the first, the second and so on up to `most`. */
export interface KillingCalls {
  readonly call: string
  readonly most: number
}

/** Kills a server before each call of a request, as long as there are more. @returns how often before which */
export async function killAtEach(
  life: Lifetime,
  single: Single,
  killing: readonly KillingCalls[],
): Promise<Record<string, number>> {
  const folder = folderInMemory(life)
  let server = await startSingle(life, folder)
  const after = await outcomeOf(server, folder, single)
  const kinds: Record<string, number> = {}
  for (const { call, most } of killing) {
    const kind = `kill -9 before ${call} of a single request`
    for (let nth = 1; nth <= most; nth += 1) {
      await prepareAnew(server, folder, single)
      const before = linesOf(await treeAt(server, folder, '/x'))
      const isKilled = await killDuring(server, { call, nth }, single)
      await server.kill()
      server = await startSingle(life, folder)
      if (!isKilled) break
      kinds[kind] = (kinds[kind] ?? 0) + 1
      const when = `${single.name}, killed before ${call} ${nth}`
      requireOneOf([before, after], linesOf(await treeAt(server, folder, '/x')), when)
      await requireSound(server, { folder, limitBytes: LIMIT_BYTES })
    }
  }
  await server.kill()
  return kinds
}

/** @returns whether there was such a call */
async function killDuring(
  server: ServerProcess,
  { call, nth }: { readonly call: string; readonly nth: number },
  single: Single,
): Promise<boolean> {
  const watcher = await killBeforeCall(server.pid, call, nth)
  try {
    await single.request(server)
    return false
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return true
  } finally {
    await watcher.detach()
  }
}

/** One thread for files, so that its calls come in one order and are counted together. */
export function startSingle(life: Lifetime, folder: string): Promise<ServerProcess> {
  const args = [...SERVE, '--limit', String(LIMIT_BYTES)]
  return serverProcess(life, folder, args, { UV_THREADPOOL_SIZE: '1' })
}

/** What there is after the request when nothing goes wrong. */
export async function outcomeOf(
  server: ServerProcess,
  folder: string,
  single: Single,
): Promise<readonly string[]> {
  await prepareAnew(server, folder, single)
  const { status, missing } = await single.request(server)
  assert.ok(status < 300 && missing.length === 0, `${single.name} was answered ${status}`)
  return linesOf(await treeAt(server, folder, '/x'))
}

export function requireOneOf(
  allowed: readonly (readonly string[])[],
  found: readonly string[],
  when: string,
): void {
  const texts = allowed.map((lines) => lines.join('\n'))
  if (texts.includes(found.join('\n'))) return
  assert.fail(`${when}: there is\n${found.join('\n')}\nand not\n${texts.join('\nor\n')}`)
}

import { join } from 'node:path'
import type { AdminLine } from '../../src/admin/answer.ts'
import { askServer } from '../../src/admin/socket.ts'
import type { Drift } from '../../src/core/ledger.ts'

/** What `plimsoll check` finds on a running server. */
export async function driftsOf({ folder }: { readonly folder: string }): Promise<readonly Drift[]> {
  const lines = await askServer(join(folder, '.plimsoll'), { method: 'POST', path: '/check/%2F' })
  const drifts: Drift[] = []
  for await (const line of lines ?? ([] as AdminLine[])) {
    if ('problem' in line) throw new Error(line.problem)
    if ('step' in line && line.step.drift !== null) drifts.push(line.step.drift)
  }
  return drifts
}

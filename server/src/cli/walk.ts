import type { Loaded } from '../config/load.ts'
import type { Audited } from '../core/audit.ts'
import { formatSize } from '../core/format-size.ts'
import type { Drift } from '../core/ledger.ts'
import type { ResourcePath } from '../core/path.ts'
import { administer } from './administer.ts'

export interface Found {
  readonly last: Audited
  readonly drifts: readonly Drift[]
  readonly orphans: readonly ResourcePath[]
}

/** Walks a tree to compare or to correct its records, and shows on a terminal how far it is. @throws StartError */
export async function walk(loaded: Loaded, what: 'check' | 'recount', path: ResourcePath): Promise<Found> {
  const drifts: Drift[] = []
  const orphans: ResourcePath[] = []
  const show = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`)
  const request = { method: 'POST' as const, path: `/${what}/${encodeURIComponent(path)}` }
  const last = await administer(loaded, request, (step) => {
    const { drift, folders, counted } = step
    if (drift !== null) drifts.push(drift)
    orphans.push(...step.orphans)
    show(`${folders} folders, ${formatSize(counted.bytes)}`)
  })
  show('')
  return { last: last as Audited, drifts, orphans }
}

import type { Loaded } from '../config/load.ts'
import { formatSize } from '../core/format-size.ts'
import type { Drift } from '../core/ledger.ts'
import type { ResourcePath } from '../core/path.ts'
import type { Walked } from '../core/reconcile.ts'
import { administer } from './administer.ts'

/** Walks a tree to compare or to correct its records, and shows on a terminal how far it is. @throws StartError */
export async function walk(
  loaded: Loaded,
  what: 'check' | 'recount',
  path: ResourcePath,
): Promise<{ readonly last: Walked; readonly drifts: readonly Drift[] }> {
  const drifts: Drift[] = []
  const show = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`)
  const request = { method: 'POST' as const, path: `/${what}/${encodeURIComponent(path)}` }
  const last = await administer(loaded, request, ({ drift, folders, counted }) => {
    if (drift !== null) drifts.push(drift)
    show(`${folders} folders, ${formatSize(counted.bytes)}`)
  })
  show('')
  return { last: last as Walked, drifts }
}

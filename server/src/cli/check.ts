import type { Loaded } from '../config/load.ts'
import { parseSpacePath } from '../config/space-limits.ts'
import { formatSize } from '../core/format-size.ts'
import type { Drift } from '../core/ledger.ts'
import type { Totals } from '../core/resource.ts'
import { administer } from './administer.ts'
import { printable } from './log.ts'

type Options = Readonly<Record<string, string | undefined>>

/** The exit code of a check that has found something. */
const DRIFTED = 3

/**
 * Compares what is recorded of each folder with what lies in it, and changes nothing. Ends with 3 where they differ.
 * @throws StartError if it could not be done
 */
export async function check(loaded: Loaded, options: Options): Promise<void> {
  const { count, text } = await walk(loaded, options, 'check')
  process.stdout.write(text)
  if (count === 0) return
  process.stdout.write('plimsoll recount makes the counters right.\n')
  process.exitCode = DRIFTED
}

/** Makes what is recorded of each folder what lies in it, and says what was different. @throws StartError */
export async function recount(loaded: Loaded, options: Options): Promise<void> {
  const { text } = await walk(loaded, options, 'recount')
  process.stdout.write(text)
}

async function walk(
  loaded: Loaded,
  { path: wanted = '/' }: Options,
  what: 'check' | 'recount',
): Promise<{ readonly count: number; readonly text: string }> {
  const path = parseSpacePath(wanted)
  const drifts: Drift[] = []
  const request = { method: 'POST' as const, path: `/${what}/${encodeURIComponent(path)}` }
  const counted = (await administer(loaded, request, ({ drift, folders, counted: sofar }) => {
    if (drift !== null) drifts.push(drift)
    else if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${folders} folders, ${formatSize(sofar.bytes)}`)
    }
  })) as Totals
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  const sum = `${counted.entries} files and folders with ${formatSize(counted.bytes)} below ${printable(path)}`
  const verdict = drifts.length === 0 ? 'nothing differs' : VERDICTS[what](drifts.length)
  return { count: drifts.length, text: `${drifts.map(describe).join('')}${sum}: ${verdict}.\n` }
}

const VERDICTS = {
  check: (folders: number) => (folders === 1 ? '1 folder differs' : `${folders} folders differ`),
  recount: (folders: number) => (folders === 1 ? '1 folder corrected' : `${folders} folders corrected`),
} as const

function describe({ path, recorded, counted }: Drift): string {
  return `${printable(path)}\n  recorded ${totals(recorded)}\n  counted  ${totals(counted)}\n`
}

function totals(of: Totals | null): string {
  return of === null ? 'no such folder' : `${of.bytes} bytes in ${of.entries} files and folders`
}

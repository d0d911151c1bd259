import type { Loaded } from '../config/load.ts'
import { parseSpacePath } from '../config/space-limits.ts'
import { formatSize } from '../core/format-size.ts'
import type { Drift } from '../core/ledger.ts'
import type { Totals } from '../core/resource.ts'
import { StartError } from '../core/start-error.ts'
import { printable } from './log.ts'
import { walk } from './walk.ts'

type Options = Readonly<Record<string, string | undefined>>

/** The exit code of a check that has found something. */
const DRIFTED = 3

/**
 * Compares what is recorded of each folder with what lies in it, and changes nothing. Ends with 3 where they differ.
 * @throws StartError if it could not be done
 */
export async function check(loaded: Loaded, options: Options): Promise<void> {
  if ((await report(loaded, options, 'check')) === 0) return
  process.stdout.write('plimsoll recount makes the counters right.\n')
  process.exitCode = DRIFTED
}

/** Makes what is recorded of each folder what lies in it, and says what was different. @throws StartError */
export async function recount(loaded: Loaded, options: Options): Promise<void> {
  await report(loaded, options, 'recount')
}

/** @returns how many folders differed */
async function report(
  loaded: Loaded,
  { path: wanted = '/' }: Options,
  what: 'check' | 'recount',
): Promise<number> {
  const path = orStartError(() => parseSpacePath(wanted))
  const { last, drifts } = await walk(loaded, what, path)
  const { bytes, entries } = last.counted
  const size = `${formatSize(bytes)} (${formatSize(last.allocatedBytes)} on the disk)`
  const verdict = drifts.length === 0 ? 'nothing differs' : VERDICTS[what](drifts.length)
  process.stdout.write(drifts.map(describe).join(''))
  process.stdout.write(`${entries} files and folders with ${size} below ${printable(path)}: ${verdict}.\n`)
  return drifts.length
}

/** Where what was written cannot be read, its sentence is the whole message. @throws StartError */
export function orStartError<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new StartError((error as Error).message)
  }
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

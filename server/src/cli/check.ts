import type { Loaded } from '../config/load.ts'
import { parseSpacePath, showSpace } from '../config/space-limits.ts'
import { formatSize } from '../core/format-size.ts'
import type { Drift } from '../core/ledger.ts'
import type { ResourcePath } from '../core/path.ts'
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
  process.stdout.write('plimsoll recount makes it right.\n')
  process.exitCode = DRIFTED
}

/** Makes what is recorded of each folder what lies in it, and says what was different. @throws StartError */
export async function recount(loaded: Loaded, options: Options): Promise<void> {
  await report(loaded, options, 'recount')
}

/** @returns how many differences there were */
async function report(
  loaded: Loaded,
  { path: wanted = '/' }: Options,
  what: 'check' | 'recount',
): Promise<number> {
  const path = orStartError(() => parseSpacePath(wanted))
  const { last, drifts, orphans } = await walk(loaded, what, path)
  const { bytes, entries } = last.counted
  const size = `${formatSize(bytes)} (${formatSize(last.allocatedBytes)} on the disk)`
  const found = [...counted(drifts.length, FOLDERS[what]), ...counted(orphans.length, ORPHANS[what])]
  process.stdout.write([...drifts.map(describe), ...orphans.map(describeOrphan)].join(''))
  process.stdout.write(
    `${entries} files and folders with ${size} below ${printable(path)}: ${found.join(', ') || 'nothing differs'}.\n`,
  )
  return drifts.length + orphans.length
}

/** Where what was written cannot be read, its sentence is the whole message. @throws StartError */
export function orStartError<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new StartError((error as Error).message)
  }
}

function counted(count: number, [one, many]: readonly [string, string]): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
}

const FOLDERS = {
  check: ['folder differs', 'folders differ'],
  recount: ['folder corrected', 'folders corrected'],
} as const

const ORPHANS = {
  check: ['thing is gone and has properties or locks', 'things are gone and have properties or locks'],
  recount: ['thing is gone and forgotten', 'things are gone and forgotten'],
} as const

function describe({ path, recorded, counted: found, ended = [] }: Drift): string {
  const limits = ended.map(
    (space) => `  limits   ${printable(showSpace({ ...space, limits: space }))} have ended\n`,
  )
  return `${printable(path)}\n  recorded ${totals(recorded)}\n  counted  ${totals(found)}\n${limits.join('')}`
}

function describeOrphan(path: ResourcePath): string {
  return `${printable(path)}\n  is gone, its properties or locks are recorded\n`
}

function totals(of: Totals | null): string {
  return of === null ? 'no such folder' : `${of.bytes} bytes in ${of.entries} files and folders`
}

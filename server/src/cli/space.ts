import type { AdminRequest } from '../admin/answer.ts'
import type { Loaded } from '../config/load.ts'
import { LIMIT_WORDS, parseLimits, parseSpacePath } from '../config/space-limits.ts'
import type { ResourcePath } from '../core/path.ts'
import type { SpaceReport } from '../core/spaces.ts'
import { StartError } from '../core/start-error.ts'
import { administer } from './administer.ts'
import { orStartError } from './check.ts'
import { printable } from './log.ts'
import { describeSpace, describeSpaces } from './space-text.ts'
import { walk } from './walk.ts'

type Options = Readonly<Record<string, string | undefined>>

/** Gives a collection limits, or changes those it has. @throws StartError with what was wrong */
export async function setSpace(
  loaded: Loaded,
  options: Options,
  [path = '']: readonly string[],
): Promise<void> {
  const body = limitsIn(options)
  const report = (await ask(loaded, 'PUT', path, body)) as SpaceReport
  process.stdout.write(describeSpace(report))
  warnOfUse(report)
}

/** Shows the limits of a collection and what uses them. @throws StartError if it has none */
export async function showSpace(
  loaded: Loaded,
  options: Options,
  [path = '']: readonly string[],
): Promise<void> {
  const report = (await ask(loaded, 'GET', path)) as SpaceReport
  const allocated = options.allocated === undefined ? [] : [await walk(loaded, 'check', report.path)]
  process.stdout.write(describeSpace(report, allocated[0]?.last.allocatedBytes))
}

/** One line for each collection with limits. */
export async function listSpaces(loaded: Loaded): Promise<void> {
  const reports = await administer(loaded, { method: 'GET', path: '/spaces' })
  process.stdout.write(describeSpaces(reports as readonly SpaceReport[]))
}

/** Takes the limits from a collection; its content stays. @throws StartError if it has none */
export async function removeSpace(loaded: Loaded, _: Options, [path = '']: readonly string[]): Promise<void> {
  await ask(loaded, 'DELETE', path)
  process.stdout.write(`${printable(path)} has no limits of its own any more. Its files are untouched.\n`)
}

async function ask(
  loaded: Loaded,
  method: AdminRequest['method'],
  path: string,
  body?: unknown,
): Promise<unknown> {
  const at = orStartError(() => parseSpacePath(path))
  const request = { method, path: pathOf(at) }
  return await administer(loaded, body === undefined ? request : { ...request, body })
}

function pathOf(path: ResourcePath): string {
  return `/spaces/${encodeURIComponent(path)}`
}

function limitsIn(options: Options) {
  const given = Object.keys(LIMIT_WORDS).flatMap((word) => {
    const value = options[word.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    return value === undefined ? [] : [[word, value] as const]
  })
  if (given.length > 0) return orStartError(() => parseLimits(Object.fromEntries(given)))
  throw new StartError(
    'no limit was given',
    `Give at least one of ${Object.keys(LIMIT_WORDS)
      .map((word) => `--${word}`)
      .join(', ')}; none takes one away.`,
  )
}

function warnOfUse({ limits, fileBytes, propertyBytes, entries, refusesAtMs }: SpaceReport): void {
  const isPassed = (limit: number | null, used: number): boolean => limit !== null && used > limit
  const binds =
    isPassed(limits.limitBytes, fileBytes + propertyBytes) ||
    isPassed(limits.limitEntries, entries) ||
    isPassed(limits.limitPropertyBytes, propertyBytes) ||
    (refusesAtMs !== null && refusesAtMs <= Date.now())
  if (!binds) return
  process.stderr.write('There is more in it than that already: it can shrink, but not grow.\n')
}

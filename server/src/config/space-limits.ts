import { NO_LIMITS, type SpaceLimits, type SpaceSetting } from '../core/ledger.ts'
import { isReserved, type ResourcePath, ROOT, resourcePath } from '../core/path.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { nearest } from './nearest.ts'
import { parseSize, showExactly } from './size.ts'

interface LimitWord {
  readonly limit: keyof SpaceLimits
  readonly argument: string
  readonly help: string
  readonly parse: (text: string) => number | null
  readonly show: (value: number) => string
}

/** The words by which limits are set, the same on the command line and in the configuration. */
export const LIMIT_WORDS: Readonly<Record<string, LimitWord>> = {
  limit: {
    limit: 'limitBytes',
    argument: 'SIZE',
    help: 'what all files and properties together may have; none for no limit',
    parse: orNone(parseSize),
    show: showExactly,
  },
  entries: {
    limit: 'limitEntries',
    argument: 'NUMBER',
    help: 'how many files and folders there may be; none for no limit',
    parse: orNone(parseCount),
    show: String,
  },
  'file-size': {
    limit: 'limitFileBytes',
    argument: 'SIZE',
    help: 'the largest single file; none for no limit',
    parse: orNone(parseSize),
    show: showExactly,
  },
  properties: {
    limit: 'limitPropertyBytes',
    argument: 'SIZE',
    help: 'what properties may take of the limit; none for no limit of their own',
    parse: orNone(parseSize),
    show: showExactly,
  },
  'soft-limit': {
    limit: 'softLimitBytes',
    argument: 'SIZE',
    help: 'may be passed for the time of --grace; none for no soft limit',
    parse: orNone(parseSize),
    show: showExactly,
  },
  grace: {
    limit: 'graceSeconds',
    argument: 'TIME',
    help: 'how long the soft limit may be passed, such as 7d',
    parse: parseDuration,
    show: formatDuration,
  },
}

/**
 * Reads `PATH:WORD=VALUE,WORD=VALUE`, such as `/team:limit=10GiB,soft-limit=8GiB,grace=7d`.
 * @throws Error whose message says what was wrong and how it is written
 */
export function parseSpace(text: string): SpaceSetting {
  const [, path, words] = SPACE.exec(text) ?? []
  if (path === undefined || words === undefined) {
    throw new Error(`${JSON.stringify(text)} is not PATH:LIMITS. ${EXAMPLE}`)
  }
  const given = words.split(',').map((word) => {
    const equals = word.indexOf('=')
    return [word.slice(0, equals).trim(), word.slice(equals + 1)] as const
  })
  const limits = requireWhole(parseLimits(Object.fromEntries(requireOnce(given))))
  return { path: parseSpacePath(path), kind: 'collection', limits }
}

function requireOnce<T>(given: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  const names = given.map(([word]) => word)
  const twice = names.find((word, index) => names.indexOf(word) < index)
  if (twice === undefined) return given
  throw new Error(`${twice} is said twice: leave one of them out.`)
}

/** @throws Error if a word or a value is not understood */
export function parseLimits(given: Readonly<Record<string, string>>): Partial<SpaceLimits> {
  return Object.fromEntries(
    Object.entries(given).map(([word, value]) => {
      const known = LIMIT_WORDS[word]
      if (known === undefined) throw new Error(unknownWord(word))
      return [known.limit, parseAs(word, known, value)]
    }),
  )
}

/** What was left out is no limit. @throws Error if they contradict each other */
export function requireWhole(given: Partial<SpaceLimits>): SpaceLimits {
  const limits = { ...NO_LIMITS, ...given }
  const { softLimitBytes, limitBytes, graceSeconds } = limits
  if (softLimitBytes === null && graceSeconds > 0) {
    throw new Error('a grace without a soft limit means nothing: give soft-limit too.')
  }
  if (softLimitBytes !== null && limitBytes !== null && softLimitBytes > limitBytes) {
    throw new Error('the soft limit is above the limit, so nobody could ever pass it: make it smaller.')
  }
  return limits
}

/** A path as clients see it, with or without slashes at its ends. @throws Error if it cannot be one */
export function parseSpacePath(text: string): ResourcePath {
  const segments = text.split('/').filter((segment) => segment !== '')
  if (!text.startsWith('/')) {
    throw new Error(
      `${JSON.stringify(text)} does not begin with a slash: write the path that clients see, such as /team.`,
    )
  }
  const reserved = segments.find(isReserved)
  if (reserved !== undefined) {
    throw new Error(`the name ${reserved} is the server's own: name another collection.`)
  }
  return segments.length === 0 ? ROOT : resourcePath(segments)
}

export function showSpace({ path, limits }: Omit<SpaceSetting, 'kind'>): string {
  return `${path}:${showLimits(limits).join(',')}`
}

/** Only those that are set: `['limit=10 GiB', 'grace=7d']`. */
export function showLimits(limits: SpaceLimits): readonly string[] {
  return Object.entries(LIMIT_WORDS).flatMap(([word, { limit, show }]) => {
    const value = limits[limit]
    return value === null || value === NO_LIMITS[limit] ? [] : [`${word}=${show(value)}`]
  })
}

const EXAMPLE = 'Write for example /team:limit=10GiB or /team/drafts:entries=1000,file-size=100MiB.'

// The last colon that is followed by a word, so that a path may have colons and commas.
const SPACE = /^(.*):\s*([a-z-]+=[^=,]*(?:,\s*[a-z-]+=[^=,]*)*)$/

function unknownWord(word: string): string {
  const words = Object.keys(LIMIT_WORDS)
  const meant = nearest(word, words)
  const hint = meant === null ? `There are: ${words.join(', ')}.` : `Did you mean ${meant}?`
  return `there is no limit ${JSON.stringify(word)}. ${hint}`
}

function parseAs(word: string, { parse }: LimitWord, value: string): number | null {
  try {
    return parse(value.trim())
  } catch (error) {
    throw new Error(`${word}: ${(error as Error).message}`)
  }
}

function orNone(parse: (text: string) => number): (text: string) => number | null {
  return (text) => (text === 'none' ? null : parse(text))
}

function parseCount(text: string): number {
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(count)) return count
  throw new Error(`${JSON.stringify(text)} is not a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`)
}

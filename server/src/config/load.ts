import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import { StartError } from '../core/start-error.ts'
import { JsonFault, parseJson } from './json.ts'
import { nearest } from './nearest.ts'
import type { OptionDescription } from './option.ts'
import {
  flagOf,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type Settings,
  showSetting,
  variableOf,
} from './schema.ts'

export interface Given {
  /** What stood on the command line, unread; the folder among them. */
  readonly flags: { readonly [Name in OptionName]?: string | readonly string[] | undefined }
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
}

export interface Loaded {
  readonly settings: Settings
  /** Who said it: `--limit`, `PLIMSOLL_LIMIT`, `limit in /etc/plimsoll.json` or `default`. */
  readonly sources: Readonly<Record<OptionName, string>>
}

/**
 * Flag before variable before configuration file before default. An empty variable counts as not set, because
 * that is how container tools spell it. Paths come out absolute.
 *
 * @throws StartError which names the source of what cannot be used
 */
export async function loadSettings(given: Given): Promise<Loaded> {
  refuseUnknownVariables(given.environment)
  const config = choose('config', given, null)
  const file = typeof config.value === 'string' ? await readConfigFile(config.value, config.source) : null

  const settings: Record<string, unknown> = {}
  const sources: Record<string, string> = {}
  for (const name of OPTION_NAMES) {
    const chosen = name === 'config' ? config : choose(name, given, file)
    settings[name] = chosen.value
    sources[name] = chosen.source
  }
  return { settings: settings as Settings, sources: sources as Record<OptionName, string> }
}

interface ConfigFile {
  readonly path: string
  readonly values: ReadonlyMap<string, unknown>
}

interface Chosen {
  readonly value: unknown
  readonly source: string
}

function choose(name: OptionName, given: Given, file: ConfigFile | null): Chosen {
  const { workingDirectory } = given
  const flag = given.flags[name]
  if (flag !== undefined) {
    return read(name, flag, name === 'folder' ? 'FOLDER' : flagOf(name), workingDirectory)
  }
  const variable = variableOf(name)
  const variableText = given.environment[variable] ?? ''
  if (variableText !== '' && !isFromKubernetes(variable, variableText)) {
    return read(name, variableText, variable, workingDirectory)
  }
  if (file?.values.has(name)) {
    return read(name, file.values.get(name), `${name} in ${file.path}`, dirname(file.path))
  }
  const { fallback, isPath }: OptionDescription = OPTIONS[name]
  const isRelative = isPath === true && typeof fallback === 'string'
  return { value: isRelative ? resolve(workingDirectory, fallback) : fallback, source: 'default' }
}

function read(name: OptionName, written: unknown, source: string, baseDirectory: string): Chosen {
  const { schema, isPath }: OptionDescription = OPTIONS[name]
  const result = schema.safeParse(written)
  if (!result.success) throw unusable(name, written, source, result.error)
  const isRelative = isPath === true && typeof result.data === 'string'
  return { value: isRelative ? resolve(baseDirectory, result.data as string) : result.data, source }
}

function unusable(name: OptionName, written: unknown, source: string, error: z.ZodError): StartError {
  const { expects, fallback, isSecret }: OptionDescription = OPTIONS[name]
  // Only our own sentences; those about a password name the user at most.
  const own = customMessage(error.issues)
  const found = isSecret ? '' : `, not ${JSON.stringify(written)}`
  const hint = `Correct it, or leave it out for the default (${showSetting(name, fallback)}).`
  return new StartError(`${source}: ${own || `expected ${expects}${found}.`}`, hint)
}

/** The sentence of a reader of ours; empty where only zod's own checks failed. */
function customMessage(issues: readonly z.core.$ZodIssue[]): string {
  for (const issue of issues) {
    if (issue.code === 'custom' && issue.params?.isSentence === true) return issue.message
    const inner = issue.code === 'invalid_union' ? customMessage(issue.errors.flat()) : ''
    if (inner !== '') return inner
  }
  return ''
}

async function readConfigFile(path: string, source: string): Promise<ConfigFile> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = READ_FAULTS.get(error.code ?? '') ?? error.message
    throw new StartError(
      `${source}: cannot read ${path}: ${why}.`,
      'Name a JSON file that this user may read.',
      {
        cause: error,
      },
    )
  })
  const values = parseConfig(text, path)
  const known = OPTION_NAMES.filter((name) => !(OPTIONS[name] as OptionDescription).notInFile)
  for (const key of values.keys()) {
    if (known.some((name) => name === key)) continue
    throw new StartError(`${path}: there is no option ${JSON.stringify(key)}.`, suggest(key, known))
  }
  return { path, values }
}

const READ_FAULTS = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'a part of the path is not a directory'],
])

function parseConfig(text: string, path: string): ReadonlyMap<string, unknown> {
  try {
    // Editors on Windows put a byte order mark before the first brace.
    const parsed = parseJson(text.replace(/^\ufeff/, ''))
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return new Map(Object.entries(parsed))
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    throw new StartError(`${path}:${error.line}:${error.column}: not JSON: ${error.message}.`, EXAMPLE)
  }
  throw new StartError(`${path}: expected one JSON object.`, EXAMPLE)
}

const EXAMPLE = 'Write for example {"limit": "10GiB", "user": ["alice:secret"]}; JSON has no comments.'

function refuseUnknownVariables(environment: Given['environment']): void {
  const known = OPTION_NAMES.map(variableOf)
  for (const [name, text = ''] of Object.entries(environment)) {
    if (!name.startsWith('PLIMSOLL_') || known.includes(name) || name === 'PLIMSOLL_DEBUG') continue
    if (isFromKubernetes(name, text)) continue
    throw new StartError(`${name}: there is no such option.`, suggest(name, known))
  }
}

/**
 * Kubernetes sets variables for each Service in the name space, so a Service called `plimsoll` brings
 * PLIMSOLL_SERVICE_HOST, PLIMSOLL_PORT=tcp://… and PLIMSOLL_PORT_8507_TCP_ADDR that nobody wrote.
 */
function isFromKubernetes(name: string, text: string): boolean {
  if (/^PLIMSOLL_(?:SERVICE_(?:HOST|PORT)|PORT_\d+_(?:TCP|UDP|SCTP))/.test(name)) return true
  return name === 'PLIMSOLL_PORT' && /^(?:tcp|udp|sctp):\/\//.test(text)
}

function suggest(word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  return meant === null ? `There are: ${known.join(', ')}.` : `Did you mean ${meant}?`
}

import { z } from 'zod'
import { ALERT_OPTIONS } from './alert-options.ts'
import { FRONT_OPTIONS } from './front-options.ts'
import type { OptionDescription } from './option.ts'
import { attempt, path, showSize, size, sizeOrNone } from './reading.ts'
import { SPACE_OPTIONS } from './space-options.ts'

export interface User {
  readonly name: string
  /** Plain text, or an argon2id hash in PHC form. */
  readonly password: string
}

const host = z
  .string()
  .regex(/^[^\s/@?#]+$/)
  .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))

const port = wholeNumber(65_535)

const count = wholeNumber(1_000_000)

const users = z
  .union([
    z.string().transform((text) => text.split(/\r?\n/).filter((line) => line.trim() !== '')),
    z.array(z.string()),
  ])
  .transform((all, context) => attempt(context, () => all.map(parseUser)))

const noAuth = z
  .union([z.string().toLowerCase(), z.boolean().transform(String), z.number().transform(String)])
  .transform((text, context) => NO_AUTH.get(text) ?? refuse(context))

const basePath = z
  .string()
  .regex(/^(?:\/[A-Za-z0-9_~.-]+)*\/?$/)
  .refine((text) => !text.split('/').some((segment) => segment === '.' || segment === '..'))
  .transform((text) => (text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text || '/'))

/** Every option of `plimsoll serve`, in the order of the help. */
export const OPTIONS = {
  folder: {
    schema: path,
    fallback: './files',
    argument: 'FOLDER',
    isPath: true,
    expects: 'the path of a folder',
    help: 'the folder to serve; created if missing',
  },
  host: {
    schema: host,
    fallback: '127.0.0.1',
    argument: 'ADDRESS',
    expects: 'an address or a host name without a port, such as 127.0.0.1, 0.0.0.0 or ::1',
    help: 'the address to listen on; 0.0.0.0 for every network',
  },
  port: {
    schema: port,
    fallback: 8507,
    argument: 'NUMBER',
    expects: 'a whole number from 0 to 65535',
    help: 'the port to listen on; 0 takes any free one and prints it',
  },
  limit: {
    schema: sizeOrNone,
    fallback: null,
    argument: 'SIZE',
    expects: 'a size such as 10GiB, or none',
    show: showSize('none'),
    help: 'how much the folder may hold, such as 10GB, 10GiB or 1048576; none for as much as the disk takes',
  },
  ...SPACE_OPTIONS,
  keepFree: {
    schema: z.union([z.literal('auto').transform(() => null), size]),
    fallback: null,
    argument: 'SIZE',
    expects: 'a size such as 100MiB, or auto',
    show: showSize('auto'),
    help: 'how much of the disk to leave free; auto chooses by the size of the disk',
  },
  maxFileSize: {
    schema: sizeOrNone,
    fallback: null,
    argument: 'SIZE',
    expects: 'a size such as 2GiB, or none',
    show: showSize('none'),
    help: 'the largest single file',
  },
  ...ALERT_OPTIONS,
  state: {
    schema: path,
    fallback: null,
    argument: 'DIRECTORY',
    isPath: true,
    expects: 'the path of a directory',
    show: (value: string | null) => value ?? 'FOLDER/.plimsoll',
    help: 'where the server keeps its own files; clients never see them',
  },
  user: {
    schema: users,
    fallback: [] as readonly User[],
    argument: 'NAME:PASSWORD',
    isRepeatable: true,
    isSecret: true,
    expects: 'NAME:PASSWORD',
    show: (value: readonly User[]) =>
      value.map(({ name }) => `${name} (password hidden)`).join(', ') || 'none',
    help:
      'who may enter; may be given many times, in the variable one on each line. ' +
      'The password may be an argon2id hash ($argon2id$…). Other users of this machine can see flags; they cannot see the variable and the file',
  },
  noAuth: {
    schema: noAuth,
    fallback: 'no' as 'no' | 'loopback' | 'everywhere',
    argument: null,
    isRepeatable: true,
    expects: 'true, "everywhere" or false',
    help:
      'let everybody in without a password. Must be said twice (in the variable and the file: everywhere) ' +
      'where other machines can connect',
  },
  basePath: {
    schema: basePath,
    fallback: '/',
    argument: 'PATH',
    expects: 'a path of letters, digits and -._~ such as /dav',
    help: 'the path below which the folder appears',
  },
  infiniteDepth: {
    schema: count,
    fallback: 0,
    argument: 'NUMBER',
    expects: 'a whole number from 0 to 1000000',
    help: 'answer PROPFIND with Depth infinity for trees of up to so many files and folders; 0 refuses it',
  },
  durability: {
    schema: z.enum(['full', 'file', 'none']),
    fallback: 'full' as const,
    argument: 'LEVEL',
    expects: 'full, file or none',
    help: 'what is on the disk before a write is answered: full, file (not its directory) or none',
  },
  watch: {
    schema: z.enum(['auto', 'off']),
    fallback: 'auto' as const,
    argument: 'WAY',
    expects: 'auto or off',
    help: 'auto lets the counters follow what other programs change in the folder; off counts only at a start',
  },
  ...FRONT_OPTIONS,
  logFormat: {
    schema: z.enum(['auto', 'text', 'json', 'none']),
    fallback: 'auto' as const,
    argument: 'FORMAT',
    expects: 'auto, text, json or none',
    help: 'text, json or none; auto is text on a terminal and json elsewhere',
  },
  config: {
    schema: path,
    fallback: null,
    argument: 'FILE',
    isPath: true,
    notInFile: true,
    expects: 'the path of a file',
    show: (value: string | null) => value ?? 'none',
    help: 'a JSON file with these options as keys, such as {"keepFree": "100MiB", "user": ["alice:secret"]}',
  },
} as const satisfies Record<string, OptionDescription>

export type OptionName = keyof typeof OPTIONS

/** What all sources together say. Sizes are in bytes; `null` is what `fallback` and `help` say of it. */
export type Settings = {
  readonly [Name in OptionName]:
    | z.output<(typeof OPTIONS)[Name]['schema']>
    | (typeof OPTIONS)[Name]['fallback']
}

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[]

/** `keepFree` → `--keep-free` */
export function flagOf(name: OptionName): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** `keepFree` → `PLIMSOLL_KEEP_FREE` */
export function variableOf(name: OptionName): string {
  return `PLIMSOLL_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`
}

/** The setting as people read it, without passwords. */
export function showSetting(name: OptionName, value: unknown): string {
  const { show }: OptionDescription = OPTIONS[name]
  return show === undefined ? String(value) : show(value as never)
}

const NO_AUTH = new Map<string, 'no' | 'loopback' | 'everywhere'>([
  ['false', 'no'],
  ['0', 'no'],
  ['no', 'no'],
  ['true', 'loopback'],
  ['1', 'loopback'],
  ['yes', 'loopback'],
  ['loopback', 'loopback'],
  ['everywhere', 'everywhere'],
  ['2', 'everywhere'],
])

function wholeNumber(most: number) {
  const digits = z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
  return z.union([z.number(), digits]).pipe(z.int().min(0).max(most))
}

function refuse(context: z.RefinementCtx): never {
  context.addIssue({ code: 'custom' })
  return z.NEVER
}

/** RFC 7617 §2: a name has no colon; neither part has control characters. */
function parseUser(text: string): User {
  const colon = text.indexOf(':')
  const name = text.slice(0, Math.max(colon, 0)).trim()
  const password = text.slice(colon + 1)
  if (colon < 0) throw new Error('a user is written NAME:PASSWORD; there is no colon.')
  if (name === '') throw new Error('a user is written NAME:PASSWORD; there is nothing before the colon.')
  if (password === '') throw new Error(`the user ${JSON.stringify(name)} has an empty password.`)
  if (/\p{Cc}/u.test(text)) throw new Error('a name or a password holds a control character.')
  return { name, password }
}

import { type DestinationStream, pino } from 'pino'
import { formatSize } from '../core/format-size.ts'
import type { Log, RefusalRecord, RequestRecord } from '../core/log.ts'
import { silentLog } from '../core/log.ts'

export type LogFormat = 'text' | 'json' | 'none'

/** Where lines go. A write must be done when it returns: the last line before an exit is the one that matters. */
export type LogStream = DestinationStream

/**
 * The standard error stream, written synchronously. Where it leads to a full disk or to nobody, up to 1 MiB is
 * kept back for later and the rest is dropped: a server must outlive its log.
 */
export function standardErrorStream(): LogStream {
  const stream = pino.destination({ fd: 2, sync: true, maxLength: 1024 * 1024 })
  stream.on('error', () => {})
  return stream
}

/**
 * One line an event. What clients sent is shortened, loses its query string and the part of a URL that may hold
 * a password, and reaches the stream without raw control characters: in JSON escaped as JSON, in text as `\xNN`.
 */
export function createLog(format: LogFormat, stream: LogStream): Log {
  if (format === 'none') return silentLog
  const write = format === 'json' ? escapeJsonLine : formatTextLine
  const logger = pino(OPTIONS, { write: (line) => stream.write(write(line)) })
  return {
    request(record) {
      logger.info(requestFields(record))
    },
    refused(record) {
      logger.warn(refusalFields(record))
    },
    info(message, fields = {}) {
      logger.info(fields, message)
    },
    warn(message, fields = {}) {
      logger.warn(fields, message)
    },
    error(message, fields = {}) {
      logger.error(fields, message)
    },
  }
}

/** Text as a terminal may see it: no control characters and none that turn the direction of writing. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
  })
}

const OPTIONS = {
  base: null,
  messageKey: 'message',
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
  serializers: { error: pino.stdSerializers.err },
}

const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function requestFields(record: RequestRecord): Record<string, unknown> {
  return {
    event: 'request',
    ...record,
    method: clip(record.method, 40),
    path: loggedPath(record.path),
    durationMs: Math.round(record.durationMs * 10) / 10,
    ...(record.userAgent === undefined ? {} : { userAgent: clip(record.userAgent, 200) }),
  }
}

function refusalFields(record: RefusalRecord): Record<string, unknown> {
  return { event: 'refused', ...record, method: clip(record.method, 40), path: loggedPath(record.path) }
}

// A query string may hold a token, and an absolute target a password: `http://name:password@host/`.
function loggedPath(path: string): string {
  const target = path.replace(/[?#].*$/s, '')
  return clip(target.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1'), 1024)
}

function clip(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`
}

/** JSON escapes the first 32 control characters only; the others move terminals too. The value stays the same. */
function escapeJsonLine(line: string): string {
  return `${line.trimEnd().replace(UNPRINTABLE, (character) => `\\u${hex(character.charCodeAt(0), 4)}`)}\n`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

type Line = Readonly<Record<string, unknown>>

function formatTextLine(line: string): string {
  const { time, level, event, message, error, ...fields } = JSON.parse(line) as Line
  const at = `${String(time).slice(0, 19).replace('T', ' ')}Z`
  if (event === 'request') return `${at} ${requestText(fields)}\n`
  if (event === 'refused') return `${at} ${refusalText(fields)}\n`
  const prefix = level === 'info' ? '' : `${level === 'warn' ? 'warning' : level}: `
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${word(value)}`)
  return `${at} ${prefix}${printable(String(message))}${rest.join('')}${stackText(error)}\n`
}

function requestText({ method, path, status, durationMs, user }: Line): string {
  const who = user === null ? '' : ` ${word(user)}`
  return `${word(method)} ${word(path)} ${word(status)} ${word(durationMs)} ms${who}`
}

function refusalText({ method, path, user, cause, root, ...figures }: Line): string {
  const show = cause === 'entries' || cause === 'inodes' ? String : sizesFor(figures)
  const known = FIGURES.filter(([name]) => typeof figures[name] === 'number')
  const numbers = known.map(([name, label]) => `${label} ${show(figures[name] as number)}`)
  const who = user === null ? '' : ` by ${word(user)}`
  const where = root === undefined ? '' : ` of ${word(root)}`
  return `no room for ${word(method)} ${word(path)}${who}: ${word(cause)}${where}: ${numbers.join(', ')}`
}

/** Rounded, unless what was needed would look as if it had been there. */
function sizesFor({ needed, available }: Line): (bytes: number) => string {
  if (typeof needed !== 'number' || typeof available !== 'number') return formatSize
  return formatSize(needed) === formatSize(available) ? (bytes) => `${bytes} B` : formatSize
}

const FIGURES = [
  ['needed', 'needed'],
  ['available', 'available'],
  ['limit', 'limit'],
  ['used', 'used'],
  ['inFlight', 'in flight'],
] as const

function word(value: unknown): string {
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

function stackText(error: unknown): string {
  if (error === undefined) return ''
  const stack = (error as { readonly stack?: unknown }).stack
  if (typeof stack !== 'string') return ` error=${word(error)}`
  return stack
    .split('\n')
    .map((line) => `\n  ${printable(line)}`)
    .join('')
}

import type { DavError, ErrorCode, Shortage, ShortageCause } from '../core/errors.ts'
import { formatSize } from '../core/format-size.ts'
import type { ResourcePath } from '../core/path.ts'
import { conditionElement, type Href } from './condition.ts'
import type { ErrorPages, PageValues } from './error-page.ts'
import { chooseErrorFormat } from './headers/accept.ts'
import { failuresResponse } from './multistatus.ts'
import type { DavResponse } from './request.ts'
import { REASONS, STATUS_OF, type StatusRow, UNEXPECTED } from './status.ts'
import { DAV_NS, EXT_NS, PROBLEM_BASE } from './xml/names.ts'
import { escapeAttribute, escapeText } from './xml/write.ts'

export interface ErrorContext {
  readonly method: string
  readonly accept: string | undefined
  /** The request's URL path, for the problem's `instance`; null where the target was not understood. */
  readonly instance: string | null
  readonly href: Href
  /** The operator's own pages; a status without one has ours. */
  readonly pages: ErrorPages
}

/** An error as the answer its reader understands: XML for programs, a problem on request, a page for people. */
export function errorResponse(error: DavError | null, context: ErrorContext): DavResponse {
  const failures = error?.details.failures
  if (failures !== undefined) return failuresResponse(failures, context.href)
  const row: StatusRow = error === null ? UNEXPECTED : STATUS_OF[error.code]
  const told: Told = { error, row, context }
  const [type, body, policy = NOTHING] = BODIES[chooseErrorFormat(context.accept)](told)
  return {
    status: row.status,
    headers: {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      Vary: 'Accept',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': policy,
      ...extraHeaders(error),
    },
    body: new TextEncoder().encode(body),
  }
}

interface Told {
  readonly error: DavError | null
  readonly row: StatusRow
  readonly context: ErrorContext
}

const NOTHING = "default-src 'none'"
// Whatever a page of the operator's own holds, nothing in it runs and nothing is fetched from elsewhere.
const STYLE_AND_PICTURES = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

/** Type, body, and where it is not `NOTHING` the Content-Security-Policy. */
type Body = readonly [type: string, body: string, policy?: string]

const BODIES: Readonly<Record<'xml' | 'json' | 'html', (told: Told) => Body>> = {
  xml: (told) => ['application/xml; charset="utf-8"', xmlBody(told)],
  json: (told) => ['application/problem+json', `${JSON.stringify(problem(told), null, 2)}\n`],
  html: (told) => {
    const page = told.context.pages.get(told.row.status)
    const type = 'text/html; charset=utf-8'
    return page === undefined ? [type, htmlPage(told)] : [type, page(pageValues(told)), STYLE_AND_PICTURES]
  },
}

function extraHeaders(error: DavError | null): Record<string, string> {
  switch (error?.code) {
    case 'unauthenticated':
      return { 'WWW-Authenticate': 'Basic realm="Plimsoll", charset="UTF-8"' }
    case 'method-not-allowed':
    case 'already-exists':
      return { Allow: (error.details.allow ?? []).join(', ') }
    case 'content-coding-refused':
      return { 'Accept-Encoding': 'identity' }
    case 'range-not-satisfiable':
      return { 'Content-Range': `bytes */${error.details.totalBytes ?? 0}` }
    case 'too-many-requests':
    case 'overloaded':
      return { 'Retry-After': String(error.details.retryAfterSeconds ?? 5) }
    default:
      return {}
  }
}

function xmlBody({ error, context }: Told): string {
  const condition = error === null ? null : conditionElement(error, context.href)
  const inside = condition ?? `<x:message>${escapeText(sentence(error))}</x:message>`
  const storage = error?.details.shortage
  return `<?xml version="1.0" encoding="utf-8"?>
<D:error xmlns:D="DAV:" xmlns:x="${EXT_NS}">
  ${inside}
${storage === undefined ? '' : storageElement(storage, context)}</D:error>
`
}

function storageElement(shortage: Shortage, context: ErrorContext): string {
  const attributes = Object.entries(numbers(shortage, context))
    .map(([name, value]) => ` ${name}="${escapeAttribute(String(value))}"`)
    .join('')
  return `  <x:storage${attributes}/>\n`
}

/** In the order in which every form of the answer shows them; what is not known is left out. */
function numbers(
  shortage: Shortage,
  context: ErrorContext,
): Readonly<Record<string, string | number | undefined>> {
  const { cause, needed, available, limit, used } = shortage
  return {
    cause,
    ...(needed === undefined ? {} : { needed }),
    ...(available === undefined ? {} : { available }),
    ...(limit === undefined ? {} : { limit }),
    ...(used === undefined ? {} : { used }),
    ...(shortage.root === undefined ? {} : { root: collectionHref(shortage.root, context) }),
  }
}

function collectionHref(path: ResourcePath, { href }: ErrorContext): string {
  const url = href(path)
  return url.endsWith('/') ? url : `${url}/`
}

const PROBLEMS: Partial<Record<ErrorCode, readonly [string, string]>> = {
  'quota-exceeded': ['quota-not-exceeded', 'Storage quota would be exceeded'],
  'disk-full': ['sufficient-disk-space', 'The disk is full'],
  'file-too-large': ['max-file-size', 'The file is larger than any file may be'],
  'too-many-requests': ['too-many-requests', 'Too many requests'],
  overloaded: ['overloaded', 'The server is overloaded'],
}

/** RFC 9457. Errors without a type of their own are told by their status alone (`about:blank`). */
function problem({ error, row, context }: Told): Record<string, unknown> {
  const known = error === null ? undefined : PROBLEMS[error.code]
  const { condition } = row
  return {
    type: known === undefined ? 'about:blank' : PROBLEM_BASE + known[0],
    title: known?.[1] ?? REASONS[row.status],
    status: row.status,
    detail: sentence(error),
    ...(context.instance === null ? {} : { instance: context.instance }),
    ...(error?.details.shortage === undefined ? {} : numbers(error.details.shortage, context)),
    ...(error?.details.maxFileBytes === undefined ? {} : { limit: error.details.maxFileBytes }),
    ...(condition === undefined
      ? {}
      : { precondition: (condition.ns === DAV_NS ? 'DAV:' : PROBLEM_BASE) + condition.local }),
  }
}

function htmlPage({ error, row, context }: Told): string {
  const reason = REASONS[row.status] ?? 'Error'
  const heading = row.status === 507 ? 'Not enough space' : reason
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${row.status} ${reason}</title></head>
<body><h1>${heading}</h1>
${paragraphs(error, context)
  .map((text) => `<p>${escapeText(text)}</p>`)
  .join('\n')}</body></html>
`
}

function pageValues({ error, row, context }: Told): PageValues {
  const { shortage, maxFileBytes } = error?.details ?? {}
  const told = shortage === undefined ? { limit: maxFileBytes } : numbers(shortage, context)
  const isNumberOfFiles = shortage !== undefined && isCount(shortage.cause)
  const figures = (['needed', 'available', 'limit', 'used'] as const).flatMap((name) => {
    const value = told[name]
    if (typeof value !== 'number') return []
    const exact = [[`${name}Bytes`, String(value)]]
    return isNumberOfFiles ? [[name, String(value)]] : [[name, formatSize(value)], ...exact]
  })
  return {
    status: String(row.status),
    reason: REASONS[row.status],
    message: paragraphs(error, context).join(' '),
    method: context.method,
    path: context.instance === null ? undefined : decodeURIComponent(context.instance),
    cause: shortage?.cause,
    root:
      shortage?.root === undefined ? undefined : decodeURIComponent(collectionHref(shortage.root, context)),
    ...Object.fromEntries(figures),
  }
}

function paragraphs(error: DavError | null, context: ErrorContext): readonly string[] {
  const shortage = error?.details.shortage
  if (shortage === undefined) return [asSentence(sentence(error))]
  const undone = context.method === 'MKCOL' ? 'The folder was not created.' : 'The file was not saved.'
  return [`${undone} ${needsAndLeft(shortage)}`.trim(), 'Delete files you no longer need, then try again.']
}

function needsAndLeft({ needed, available, cause }: Shortage): string {
  if (needed === undefined || available === undefined) return ''
  if (isCount(cause)) return `It needs ${needed} more; ${available} are left ${PLACES[cause]}.`
  return `It needs ${formatSize(needed)}; ${formatSize(available)} are left ${PLACES[cause]}.`
}

function sentence(error: DavError | null): string {
  if (error === null) return 'The server failed. The person who runs it finds the reason in its log.'
  const { shortage } = error.details
  if (shortage === undefined) return asSentence(error.message)
  const { needed, available, cause } = shortage
  if (needed === undefined || available === undefined) return asSentence(error.message)
  return `${needed} ${isCount(cause) ? 'files' : 'bytes'} are needed, ${available} are left ${PLACES[cause]}.`
}

function isCount(cause: ShortageCause): boolean {
  return cause === 'inodes' || cause === 'entries'
}

const PLACES: Readonly<Record<ShortageCause, string>> = {
  'user-quota': 'in this account',
  'collection-quota': 'in this folder',
  'disk-bytes': 'on the disk of the server',
  inodes: 'on the disk of the server',
  entries: 'in this folder',
  properties: 'for properties',
  locks: 'for locks',
  uploads: 'for uploads',
}

function asSentence(text: string): string {
  const whole = text.endsWith('.') ? text : `${text}.`
  return whole.charAt(0).toUpperCase() + whole.slice(1)
}

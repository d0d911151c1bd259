import { StartError } from '../core/start-error.ts'
import { escapeAttribute } from './xml/write.ts'

/** What a page of the operator's own can say. */
export const PLACEHOLDERS = [
  'status',
  'reason',
  'message',
  'method',
  'path',
  'cause',
  'needed',
  'neededBytes',
  'available',
  'availableBytes',
  'limit',
  'limitBytes',
  'used',
  'usedBytes',
  'root',
] as const

export type Placeholder = (typeof PLACEHOLDERS)[number]

/** What is not known of this refusal is not there. */
export type PageValues = { readonly [Name in Placeholder]?: string | undefined }

/** A page for one status, read once at start; what is put in is escaped for text and for quoted attributes. */
export type ErrorPage = (values: PageValues) => string

/** By status. */
export type ErrorPages = ReadonlyMap<number, ErrorPage>

/**
 * Reads `{{name}}`, which stands for a value and is empty where there is none, and `{{#name}}…{{/name}}`, whose
 * inside is there only where the value is.
 *
 * @param source how messages name the template
 * @throws StartError with the line of what cannot be understood
 */
export function parseErrorPage(text: string, source: string): ErrorPage {
  const whole: Section = { name: null, line: 0, pieces: [] }
  const open = [whole]
  const innermost = (): Section => open.at(-1) ?? whole
  let end = 0
  for (const match of text.matchAll(TAG)) {
    const [tag, sign = '', word = ''] = match
    const at = { source, line: lineAt(text, match.index) }
    innermost().pieces.push(plain(text.slice(end, match.index), { source, line: lineAt(text, end) }))
    end = match.index + tag.length
    const name = placeholder(word, at)
    if (sign === '') innermost().pieces.push((values) => escapeAttribute(values[name] ?? ''))
    else if (sign === '#') open.push({ name, line: at.line, pieces: [] })
    else close(open, name, at)
  }
  const { name, line } = innermost()
  if (name !== null) throw wrong({ source, line }, `{{#${name}}} has no {{/${name}}}`)
  whole.pieces.push(plain(text.slice(end), { source, line: lineAt(text, end) }))
  return inside(whole)
}

const TAG = /\{\{\s*([#/]?)\s*([^{}]*?)\s*\}\}/g

interface Section {
  readonly name: Placeholder | null
  readonly line: number
  readonly pieces: ErrorPage[]
}

interface Place {
  readonly source: string
  readonly line: number
}

function inside({ pieces }: Section): ErrorPage {
  return (values) => pieces.map((piece) => piece(values)).join('')
}

function plain(text: string, at: Place): ErrorPage {
  if (text.includes('{{')) throw wrong(at, 'a {{ has no }} behind its name')
  return () => text
}

function placeholder(word: string, at: Place): Placeholder {
  const name = PLACEHOLDERS.find((one) => one === word)
  if (name !== undefined) return name
  throw wrong(at, `there is no placeholder {{${word}}}`, `There are: ${PLACEHOLDERS.join(', ')}.`)
}

function close(open: Section[], name: Placeholder, at: Place): void {
  const section = open.at(-1)
  if (section?.name !== name) throw wrong(at, `{{/${name}}} closes nothing that is open`)
  open.pop()
  const pieces = inside(section)
  open.at(-1)?.pieces.push((values) => (values[name] === undefined ? '' : pieces(values)))
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

function wrong({ source, line }: Place, problem: string, hint = ''): StartError {
  return new StartError(`${source}, line ${line}: ${problem}.`, hint)
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { idsIn, testTitles } from './test-titles.ts'

// Writes docs/conformance.md: every line of docs/requirements.md, and the tests that show it or the reason why none does.
// With --check nothing is written; a page out of date or a MUST with neither ends with 1. test-titles.ts knows what counts
// as a test of a line.

export type Level = 'MUST' | 'SHOULD' | 'MAY' | 'note'

export interface Requirement {
  readonly id: string
  readonly section: string
  readonly level: Level
}

export interface Requirements {
  readonly lines: readonly Requirement[]
  /** Why a line has no test, by ID. */
  readonly reasons: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

export interface Conformance {
  readonly page: string
  /** Lines that are a MUST and have neither test nor reason. */
  readonly open: readonly string[]
  /** What is wrong with the list and with the titles. */
  readonly problems: readonly string[]
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = 'docs/conformance.md'
const LIST = 'docs/requirements.md'
const STANDINGS = ['tested', 'by reason', 'open'] as const
const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'MAY', 'note']

if (import.meta.main) {
  const { page, open, problems } = conformanceOf(ROOT)
  const check = process.argv.includes('--check')
  const stale = check && !isUpToDate(ROOT, page)
  if (!check) writeFileSync(join(ROOT, PAGE), page)
  for (const problem of problems) console.error(problem)
  if (open.length > 0)
    console.error(`${open.length} MUST lines have neither test nor reason: ${open.join(', ')}`)
  if (stale) console.error(`${PAGE} is out of date: run npm run conformance`)
  if (check && (stale || open.length > 0 || problems.length > 0)) process.exitCode = 1
}

export function isUpToDate(root: string, page: string): boolean {
  return existsSync(join(root, PAGE)) && readFileSync(join(root, PAGE), 'utf8') === page
}

export function conformanceOf(root: string): Conformance {
  const { lines, reasons, problems } = parseRequirements(readFileSync(join(root, LIST), 'utf8'))
  const known = new Set(lines.map(({ id }) => id))
  const prefixes = new Set(lines.map(({ id }) => prefixOf(id)))
  const tests: Tests = new Map()
  const unknown = new Set<string>()
  for (const [path, titles] of testTitles(join(root, 'server'))) {
    const file = `server/${path}`
    for (const { text, source } of titles) {
      for (const id of idsIn(source)) {
        if (known.has(id)) add(tests, { id, file, text })
        else if (prefixes.has(prefixOf(id))) unknown.add(`${file} names ${id}, which is no line of ${LIST}`)
      }
    }
  }
  const shown = { lines, reasons, tests }
  const open = lines
    .filter((line) => line.level === 'MUST' && standing(line, shown) === 'open')
    .map(({ id }) => id)
  return { page: pageOf(shown, open), open, problems: [...problems, ...unknown] }
}

/** Reads the tables: a row begins with an ID; those of the last section, `ID(s) | reason`, with one or more. */
export function parseRequirements(text: string): Requirements {
  const lines = new Map<string, Requirement>()
  const excuses: string[][] = []
  const problems: string[] = []
  let section = ''
  for (const line of text.split('\n')) {
    section = /^## (.+)/.exec(line)?.[1] ?? section
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    const [, id = '', , level = ''] = cells
    if (!/^[A-Z]{2,6}-(\d\d|\*)/.test(id)) continue
    if (cells.length === 4) {
      excuses.push(cells)
      continue
    }
    if (lines.has(id)) problems.push(`${LIST} has ${id} twice`)
    const found = /^(MUST|SHOULD|RECOMMENDED|MAY|note)\b/.exec(prefixOf(id) === 'MX' ? 'MUST' : level)?.[1]
    if (found === undefined) problems.push(`${LIST} gives ${id} no level: ${level}`)
    const normal = found === 'RECOMMENDED' ? 'SHOULD' : LEVELS.find((one) => one === found)
    lines.set(id, { id, section, level: normal ?? 'MUST' })
  }
  const reasons = new Map<string, string>()
  for (const [, ids = '', reason = ''] of excuses) {
    for (const part of ids.split(', ')) {
      const meant = part.endsWith('-*')
        ? [...lines.keys()].filter((id) => id.startsWith(part.slice(0, -1)))
        : idsIn(part).filter((id) => lines.has(id))
      if (meant.length === 0 || reason === '')
        problems.push(`${LIST} gives a reason that fits no line: ${part}`)
      for (const id of meant) reasons.set(id, reason)
    }
  }
  return { lines: [...lines.values()], reasons, problems }
}

/** By ID, by file: titles. */
type Tests = Map<string, Map<string, Set<string>>>

interface Shown extends Pick<Requirements, 'lines' | 'reasons'> {
  readonly tests: Tests
}

function add(tests: Tests, { id, file, text }: Readonly<Record<'id' | 'file' | 'text', string>>): void {
  const files = tests.get(id) ?? new Map<string, Set<string>>()
  const titles = files.get(file) ?? new Set<string>()
  tests.set(id, files.set(file, titles.add(text)))
}

function standing({ id }: Requirement, { tests, reasons }: Shown): (typeof STANDINGS)[number] {
  return tests.has(id) ? 'tested' : reasons.has(id) ? 'by reason' : 'open'
}

function pageOf(shown: Shown, open: readonly string[]): string {
  const bySection = Map.groupBy(shown.lines, ({ section }) => section)
  const counts = [...bySection, ['All', shown.lines] as const].map(
    ([section, lines]) =>
      `| ${section} | ${LEVELS.map((level) => countOf(lines, level, shown)).join(' | ')} |`,
  )
  const sections = [...bySection].flatMap(([section, lines]) => [
    `## ${section}\n`,
    '| ID | level | shown by |\n| --- | --- | --- |',
    ...lines.map((line) => `| ${line.id} | ${line.level} | ${evidenceOf(line, shown)} |`),
    '',
  ])
  return [
    '# Conformance\n',
    'Which test shows which line of [requirements.md](requirements.md), or why none does. Written by',
    '`server/scripts/conformance.ts` (`npm run conformance`) from that list and the titles of the tests; do not edit.',
    'MUST NOT counts with MUST, and so on.\n',
    '## Open\n',
    open.length === 0
      ? 'No MUST is without a test or a reason.'
      : `Without test or reason: ${open.join(', ')}.`,
    `\n## Counts\n\nLines ${STANDINGS.join(' / ')}, by level.\n`,
    `| section | ${LEVELS.join(' | ')} |\n| --- |${' --- |'.repeat(LEVELS.length)}`,
    ...counts,
    '',
    ...sections,
  ].join('\n')
}

function countOf(lines: readonly Requirement[], level: Level, shown: Shown): string {
  const standings = lines.filter((line) => line.level === level).map((line) => standing(line, shown))
  if (standings.length === 0) return '–'
  return STANDINGS.map((one) => standings.filter((other) => other === one).length).join(' / ')
}

function evidenceOf(line: Requirement, { tests, reasons }: Shown): string {
  const files = [...(tests.get(line.id) ?? [])].map(([file, titles]) =>
    [`\`${file}\``, ...[...titles].map((title) => `• ${inTable(title)}`)].join('<br>'),
  )
  return [...files, reasons.get(line.id) ?? []].flat().join('<br>') || '**open**'
}

/** Titles are plain text. What Markdown or HTML would take for markup is escaped. */
function inTable(title: string): string {
  return title
    .replace(/[\\`*_|[\]]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
}

function prefixOf(id: string): string {
  return id.slice(0, id.indexOf('-'))
}

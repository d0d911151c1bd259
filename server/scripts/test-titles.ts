import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

// What counts as a test of a line. The file is one that run.ts runs, or one in server/test that such a file imports (the
// suites of the drivers). In it, the ID stands in the first argument of a call of it() or test(): in a string or template
// there, or, where that argument names a variable, in a string of what the variable was made from in the same file: the
// table that the enclosing for…of goes through, or a constant. Comments, titles of describe(), bodies of tests, other
// strings, it.skip, it.todo and whatever has a literal `skip` or `todo`, itself or its group, count for nothing.

export interface Title {
  /** What is shown: `…` stands for what a template computes. */
  readonly text: string
  /** Where the IDs are: the title itself, or a string of the table that fills it. */
  readonly source: string
}

const ID = /\b([A-Z]{2,6})-(\d\d)(?:(?: to |\.\.)\1-(\d\d))?(?!\d)/g

/** Every title of every test below `server`, by the path of its file. */
export function testTitles(server: string): ReadonlyMap<string, readonly Title[]> {
  const found = new Map<string, readonly Title[]>()
  const queue = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: server }).sort()
  for (const file of queue) {
    if (found.has(file)) continue
    const tokens = tokensOf(readFileSync(join(server, file), 'utf8'))
    found.set(file, [...titlesIn(tokens)])
    const imported = tokens
      .filter(
        ({ kind, text }, at) => kind === 'text' && /^\.+\//.test(text) && tokens[at - 1]?.text === 'from',
      )
      .map(({ text }) => normalize(join(dirname(file), text)))
    queue.push(...imported.filter((path) => path.startsWith(normalize('test/'))))
  }
  return found
}

/** The IDs in a text; `AB-01 to AB-03` and `AB-01..AB-03` are three. */
export function idsIn(text: string): readonly string[] {
  return [...text.matchAll(ID)].flatMap(([, prefix, first, last = first]) => {
    const count = Math.max(1, Number(last) - Number(first) + 1)
    return Array.from(
      { length: count },
      (_, index) => `${prefix}-${String(Number(first) + index).padStart(2, '0')}`,
    )
  })
}

/** The titles of the tests in a source, with what fills them. */
export function titlesOf(source: string): readonly Title[] {
  return [...titlesIn(tokensOf(source))]
}

function* titlesIn(tokens: readonly Token[]): Generator<Title> {
  const scope = { tokens, loops: loopsOf(tokens) }
  const skipped = skippedGroupsOf(tokens)
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== 'word' || (text !== 'it' && text !== 'test') || tokens[at + 1]?.text !== '(') continue
    if (['.', 'function'].includes(tokens[at - 1]?.text ?? '')) continue
    const end = endOfArgument(tokens, at + 2)
    if (isSkipped(tokens, end + 1) || skipped.some(([from, to]) => at > from && at < to)) continue
    const argument = tokens.slice(at + 2, end)
    const title = argument.map((token) => (token.kind === 'text' ? token.text : '')).join('') || '…'
    yield { text: title, source: title }
    for (const row of new Set(valuesOf(namesIn(argument), at, scope))) {
      if (idsIn(row).length === 0) continue
      const bare = row.replace(ID, '').replace(/\W/g, '') === ''
      yield { text: bare ? title : title === '…' ? row : `${title} – ${row}`, source: row }
    }
  }
}

function skippedGroupsOf(tokens: readonly Token[]): readonly (readonly [number, number])[] {
  return tokens.flatMap(({ kind, text }, at) => {
    if (kind !== 'word' || text !== 'describe') return []
    const never = tokens[at + 1]?.text === '.' || isSkipped(tokens, endOfArgument(tokens, at + 2) + 1)
    return never ? [[at, closeOf(tokens, at)] as const] : []
  })
}

/** Whether the second argument is an object whose `skip` or `todo` is a literal: such a case never runs. */
function isSkipped(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]?.text !== '{') return false
  return tokens.slice(at, closeOf(tokens, at)).some((token, index, options) => {
    const value = options[index + 2]
    const never = value?.kind === 'text' || value?.text === 'true'
    return /^(skip|todo)$/.test(token.text) && options[index + 1]?.text === ':' && never
  })
}

interface Scope {
  readonly tokens: readonly Token[]
  readonly loops: readonly Loop[]
}

/** The strings in the values of variables, as far as loops and constants around `at` show them. */
function valuesOf(names: readonly string[], at: number, scope: Scope, seen = new Set<string>()): string[] {
  return names.flatMap((name) => {
    if (seen.has(name)) return []
    seen.add(name)
    const loop = scope.loops.findLast(
      ({ body, binding }) => at > body[0] && at < body[1] && binding.includes(name),
    )
    const value = loop?.iterated ?? constantBefore(scope.tokens, name, at)
    const texts = value.filter(({ kind }) => kind === 'text').map(({ text }) => text)
    return [...texts, ...valuesOf(namesIn(value), at, scope, seen)]
  })
}

interface Loop {
  readonly binding: readonly string[]
  readonly iterated: readonly Token[]
  readonly body: readonly [number, number]
}

function loopsOf(tokens: readonly Token[]): readonly Loop[] {
  return tokens.flatMap((token, at) => {
    if (token.kind !== 'word' || token.text !== 'for' || tokens[at + 1]?.text !== '(') return []
    const close = closeOf(tokens, at + 1)
    const of = tokens.findIndex(({ kind, text }, index) => index > at && kind === 'word' && text === 'of')
    if (of === -1 || of > close) return []
    const braced = tokens[close + 1]?.text === '{'
    const open = braced ? close + 1 : tokens.findIndex(({ text }, index) => index > close && text === '(')
    return {
      binding: namesIn(tokens.slice(at + 3, of)),
      iterated: tokens.slice(of + 1, close),
      body: [close, closeOf(tokens, open)] as const,
    }
  })
}

/** The tokens of the first literal in the last `const name = …` above `at` whose block still holds there. */
function constantBefore(tokens: readonly Token[], name: string, at: number): readonly Token[] {
  const declared = tokens.findLastIndex(
    ({ text }, index) =>
      text === name && index < at && tokens[index - 1]?.text === 'const' && closeOf(tokens, index, 1) > at,
  )
  if (declared === -1) return []
  const start = tokens.findIndex(({ text }, index) => index > declared && text === '=') + 1
  let end = start
  while (tokens[end]?.kind === 'word' && tokens[end + 1]?.text === '.') end += 2
  if (tokens[end]?.kind === 'word' && tokens[end + 1]?.text === '(') end += 1
  return tokens.slice(start, /^[([{]$/.test(tokens[end]?.text ?? '') ? closeOf(tokens, end) : end + 1)
}

function endOfArgument(tokens: readonly Token[], from: number): number {
  for (let at = from, depth = 0; at < tokens.length; at += 1) {
    const change = depthOf(tokens[at])
    if (depth + change < 0 || (depth === 0 && tokens[at]?.text === ',')) return at
    depth += change
  }
  return tokens.length
}

/** Where the bracket at `open` is closed; with `depth` 1, where the block around `open` ends. */
function closeOf(tokens: readonly Token[], open: number, depth = 0): number {
  for (let at = open, level = depth; at < tokens.length; at += 1) {
    const change = depthOf(tokens[at])
    level += change
    if (change < 0 && level <= 0) return at
  }
  return tokens.length
}

function depthOf(token: Token | undefined): number {
  if (token?.kind !== 'mark') return 0
  return '([{'.includes(token.text) ? 1 : ')]}'.includes(token.text) ? -1 : 0
}

function namesIn(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap(({ kind, text, names }) => (kind === 'word' ? [text] : names))
}

interface Token {
  readonly kind: 'word' | 'mark' | 'text'
  readonly text: string
  /** The variables in a template; empty for everything else. */
  readonly names: readonly string[]
}

const PIECE = /(?:\s|\/\/[^\n]*|\/\*.*?\*\/)+|'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|([\w$]+)|=>|./sy
const PATTERN = /\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\[\n])+\/\w*/y
const IN_TEMPLATE = /\\.|\$\{|./sy
const BEFORE_PATTERN = /^(?:[^\w$)\]}]+|return|of|case)$/

/** Enough of TypeScript's grammar to tell words, strings and templates from comments and regular expressions. */
function tokensOf(source: string, cursor = { at: 0 }, inTemplate = false): readonly Token[] {
  const tokens: Token[] = []
  for (let depth = 0; cursor.at < source.length; ) {
    const last = tokens.at(-1)
    const patternMayStart = last === undefined || (last.kind !== 'text' && BEFORE_PATTERN.test(last.text))
    const pattern = patternMayStart && !/^\/[/*]/.test(source.slice(cursor.at, cursor.at + 2))
    const piece = (pattern ? match(PATTERN, source, cursor.at) : null) ?? match(PIECE, source, cursor.at)
    const [text = '', single, double, word] = piece ?? []
    cursor.at += text.length
    if (text === '{') depth += 1
    if (text === '}' && inTemplate && depth === 0) return tokens
    if (text === '}') depth -= 1
    if (text === '`') tokens.push(templateOf(source, cursor))
    else if (single !== undefined || double !== undefined) tokens.push(textToken(single ?? double ?? ''))
    else if (word !== undefined) tokens.push({ kind: 'word', text, names: [] })
    else if (!/^(\s|\/[/*])/.test(text)) tokens.push({ kind: 'mark', text, names: [] })
  }
  return tokens
}

function templateOf(source: string, cursor: { at: number }): Token {
  const names: string[] = []
  for (let text = ''; ; ) {
    const [piece = '`'] = match(IN_TEMPLATE, source, cursor.at) ?? []
    cursor.at += piece.length
    if (piece === '`') return { ...textToken(text), names }
    text += piece === '${' ? '…' : piece
    if (piece === '${') names.push(...namesIn(tokensOf(source, cursor, true)))
  }
}

function textToken(raw: string): Token {
  return { kind: 'text', text: raw.replace(/\\(['"`$\\])/g, '$1'), names: [] }
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(source)
}

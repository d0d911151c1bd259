/** Where and why a text is not JSON. Never quotes the text: it may hold a password. */
export class JsonFault extends Error {
  /** Both count from 1. */
  readonly line: number
  readonly column: number

  constructor(message: string, line: number, column: number) {
    super(message)
    this.name = 'JsonFault'
    this.line = line
    this.column = column
  }
}

/**
 * `JSON.parse` that always knows the place of a fault; the engine's own message names it for some faults only
 * and quotes the surroundings.
 *
 * @throws JsonFault
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const { at, expected } = findFault(text)
    const before = text.slice(0, at).split('\n')
    const found = at >= text.length ? 'the end of the file' : describeCharacter(text, at)
    throw new JsonFault(
      `expected ${expected}, found ${found}`,
      before.length,
      (before.at(-1) ?? '').length + 1,
    )
  }
}

function describeCharacter(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  return character === "'" ? 'a single quote (JSON has double quotes only)' : JSON.stringify(character)
}

type Expected =
  | 'a value'
  | 'a name in double quotes'
  | 'a colon'
  | 'a comma or a closing bracket'
  | 'nothing more'

// Strings, numbers, words and punctuation of RFC 8259.
const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside strings
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y

/** Walks over the tokens until one stands where it may not. */
function findFault(text: string): { at: number; expected: Expected } {
  const open: string[] = []
  let expected: Expected = 'a value'
  let previous = ''
  for (let at = skipBlanks(text, 0); ; at = skipBlanks(text, TOKEN.lastIndex)) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)?.[0]
    const next: Expected | null = token === undefined ? null : follow(open, expected, previous, token)
    if (token === undefined || next === null) return { at, expected }
    expected = next
    previous = token
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1
  return at
}

/** What may follow `token`, or null where it must not stand itself. */
function follow(open: string[], expected: Expected, previous: string, token: string): Expected | null {
  switch (expected) {
    case 'nothing more':
      return null
    case 'a colon':
      return token === ':' ? 'a value' : null
    case 'a name in double quotes':
      if (token === '}' && previous === '{') return close(open)
      return token.startsWith('"') ? 'a colon' : null
    case 'a comma or a closing bracket':
      if (token === ',') return open.at(-1) === '{' ? 'a name in double quotes' : 'a value'
      return token === (open.at(-1) === '{' ? '}' : ']') ? close(open) : null
    case 'a value':
      return followValue(open, previous, token)
  }
}

function followValue(open: string[], previous: string, token: string): Expected | null {
  if (token === ']' && previous === '[') return close(open)
  if ('}],:'.includes(token)) return null
  if (token !== '{' && token !== '[') return open.length > 0 ? 'a comma or a closing bracket' : 'nothing more'
  open.push(token)
  return token === '{' ? 'a name in double quotes' : 'a value'
}

function close(open: string[]): Expected {
  open.pop()
  return open.length > 0 ? 'a comma or a closing bracket' : 'nothing more'
}

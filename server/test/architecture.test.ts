import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

// ARCHITECTURE.md as a failing test: who may import whom, how large things may be, which words stay out.
const server = fileURLToPath(new URL('..', import.meta.url))
const files = globSync(['src/**/*.ts', 'test/**/*.ts', 'scripts/**/*.ts'], { cwd: server })
const sources = files.filter((file) => file.startsWith('src') && !file.endsWith('.test.ts'))

const MAX_FILE_LINES = 300
const MAX_FUNCTION_LINES = 60

/** What each layer may import, itself included. `server.ts`, `open.ts` and `index.ts` see everything. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ['core'],
  dav: ['core', 'dav'],
  extensions: ['core', 'dav', 'extensions'],
  storage: ['core', 'storage'],
  state: ['core', 'state'],
  auth: ['core', 'auth'],
  http: ['core', 'dav', 'http'],
  admin: ['core', 'dav', 'admin'],
  alerts: ['core', 'alerts'],
  config: ['core', 'config'],
  cli: ['core', 'config', 'auth', 'admin', 'cli', 'server.ts', 'open.ts'],
}

describe('architecture', () => {
  it('lets no import point up', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('src/'))
        .filter((target) => !mayImport(file, target))
        .map((target) => `${file} imports ${target}`),
    )

    assert.deepEqual(wrong, [])
  })

  it('keeps extensions and drivers apart from each other', () => {
    const apart = ['src/extensions/', 'src/storage/', 'src/state/']
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => apart.some((layer) => file.startsWith(layer) && target.startsWith(layer)))
        // The SQL drivers share their statements and arithmetic.
        .filter((target) => folderOf(target) !== folderOf(file) && folderOf(target) !== 'src/state/sql')
        .map((target) => `${file} imports ${target}`),
    )

    assert.deepEqual(wrong, [])
  })

  it('keeps Node and every library out of the core', () => {
    const wrong = sources
      .filter((file) => file.startsWith('src/core/'))
      .flatMap((file) => importsOf(file).filter((target) => !target.startsWith('src/')))

    assert.deepEqual(wrong, [])
  })

  it('decides error statuses in dav/status.ts and nowhere else', () => {
    const wrong = sources
      .filter((file) => file !== join('src', 'dav', 'status.ts'))
      .flatMap((file) => linesOf(file).filter((line) => /\bstatus: [45]\d\d\b/.test(line)))

    assert.deepEqual(wrong, [])
  })

  it('says "no room" for a limit in core/space.ts alone, and for the system in each translate.ts', () => {
    const raisers = sources.filter((file) =>
      linesOf(file).some((line) => /new DavError\(\s*(code,|'(quota-exceeded|disk-full)')/.test(line)),
    )

    const allowed = [join('src', 'core', 'space.ts')]
    const wrong = raisers.filter((file) => !allowed.includes(file) && !file.endsWith('translate.ts'))
    assert.deepEqual(wrong, [])
  })

  it(`has no file over ${MAX_FILE_LINES} lines`, () => {
    const long = files.filter((file) => linesOf(file).length > MAX_FILE_LINES + 1)

    assert.deepEqual(long, [])
  })

  it(`has no function over ${MAX_FUNCTION_LINES} lines`, () => {
    const long = sources.flatMap((file) =>
      functionsOf(file).filter(({ lines }) => lines > MAX_FUNCTION_LINES),
    )

    assert.deepEqual(long, [])
  })

  it('leaves no unfinished work, no untyped value and no private path behind', () => {
    const forbidden = [
      /\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/,
      /for no[w]\b/,
      /@ts-(ignore|expect-error)/,
      /: an[y]\b|as an[y]\b/,
      /export defaul[t]/,
      /\b(class|interface|type|function|const) \w*(Manager|Service|Helper|Util)s?\b/,
      /\.onl[y]\(/,
    ]
    const wrong = files.flatMap((file) =>
      linesOf(file)
        .filter((line) => forbidden.some((pattern) => pattern.test(line)))
        .map((line) => `${file}: ${line.trim()}`),
    )

    assert.deepEqual(wrong, [])
  })
})

function linesOf(file: string): readonly string[] {
  return readFileSync(join(server, file), 'utf8').split('\n')
}

/** The targets of a file's imports; those inside the project as paths from the server's folder. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(server, file), 'utf8')
  const found = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)[^'"`;]*?from\s+'([^']+)'|\bimport\('([^']+)'\)/g),
  ]
  return found.map(([, from, dynamic]) => {
    const target = from ?? dynamic ?? ''
    return target.startsWith('.') ? normalize(join(dirname(file), target)) : target
  })
}

function mayImport(file: string, target: string): boolean {
  const [, layer = ''] = file.split('/')
  const [, targetLayer = ''] = target.split('/')
  const allowed = MAY_IMPORT[layer]
  return allowed === undefined || allowed.includes(targetLayer)
}

function folderOf(file: string): string {
  return file.split('/').slice(0, 3).join('/')
}

/** Functions and methods, found by the formatter's indentation: a body ends at the first line as deep as its head. */
function functionsOf(file: string): { file: string; head: string; lines: number }[] {
  const lines = linesOf(file)
  return lines.flatMap((head, start) => {
    if (!/^\s*(export )?(async )?(function\b|[\w.]+\([^)]*\)[^=;]*\{$)|=> \{$/.test(head)) return []
    if (/^\s*(if|for|while|switch|return|describe|it)\b/.test(head) || !head.endsWith('{')) return []
    const indent = /^\s*/.exec(head)?.[0] ?? ''
    const end = lines.findIndex((line, index) => index > start && line.startsWith(`${indent}}`))
    return end === -1 ? [] : [{ file, head: head.trim(), lines: end - start + 1 }]
  })
}

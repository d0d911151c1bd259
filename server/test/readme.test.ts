import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadSettings } from '../src/config/load.ts'
import type { OptionDescription } from '../src/config/option.ts'
import { flagOf, OPTION_NAMES, OPTIONS, showSetting, variableOf } from '../src/config/schema.ts'
import { temporaryFolder } from './support/folder.ts'

// What the documents say must be true of the code: commands are run, options and files are looked up.
const root = fileURLToPath(new URL('../..', import.meta.url))
const command = join(root, 'server/bin/plimsoll.js')

const MAIN_JOB = 'npm ci && npx plimsoll serve ./files --limit 1GiB'
const TESTS = 'npm ci && npm test'
const SLOW = { timeout: 120_000 }

describe('README.md', () => {
  before(buildIfStale, SLOW)

  it('has exactly two lines to copy, the main job and the tests', () => {
    const blocks = fencedBlocks('README.md', 'sh')

    assert.deepEqual(blocks, [MAIN_JOB, TESTS])
  })

  it('names a main job that serves, stores a file and ends with 0 at SIGTERM', SLOW, async (test) => {
    const server = await startMainJob(test)
    const url = `${server.url}hello.txt`
    const headers = { authorization: `Basic ${btoa(`${server.user}:${server.password}`)}` }

    const stored = await fetch(url, { method: 'PUT', headers, body: 'hello, water line\n' })
    const listed = await fetch(server.url, { method: 'PROPFIND', headers: { ...headers, Depth: '1' } })
    const stranger = await fetch(url, { method: 'PUT', body: 'nobody' })
    const code = await server.stop()

    assert.deepEqual([stored.status, listed.status, stranger.status, code], [201, 207, 401, 0])
    assert.match(await listed.text(), /<D:href>\/hello\.txt<\/D:href>/)
    assert.equal(readFileSync(join(server.folder, 'hello.txt'), 'utf8'), 'hello, water line\n')
  })

  it('shows the refusal that the server gives', SLOW, async (test) => {
    const server = await startMainJob(test)
    const headers = { authorization: `Basic ${btoa(`${server.user}:${server.password}`)}` }
    await fetch(`${server.url}hello.txt`, { method: 'PUT', headers, body: 'hello, water line\n' })

    const refused = await fetch(`${server.url}two-gib.bin`, {
      method: 'PUT',
      headers: { ...headers, 'X-Expected-Entity-Length': String(2 * 1024 ** 3) },
      body: ReadableStream.from([Buffer.from('x')]),
      duplex: 'half',
    } as RequestInit)
    const answer = await refused.text()

    assert.equal(refused.status, 507)
    assert.ok(read('README.md').includes(answer), answer)
    assert.ok(read('docs/guide.md').includes(answer), answer)
  })

  it('lists every option of the help, and no other', () => {
    const help = execFileSync(process.execPath, [command, 'serve', '--help'], { encoding: 'utf8' })
    const inHelp = matches(help, /^ +(?:-\w, )?(--[a-z-]+)/gm)
    const inTable = matches(read('README.md'), /^\| `(--[a-z-]+)/gm)

    assert.deepEqual(inTable.toSorted(), inHelp.toSorted())
  })

  it('gives each option its default, its variable and its line of help', () => {
    const rows = OPTION_NAMES.map((name) => {
      const { argument, fallback, help, notAFlag }: OptionDescription = OPTIONS[name]
      const flag = argument === null ? flagOf(name) : `${flagOf(name)} ${argument}`
      const option = name === 'folder' ? 'FOLDER' : flag
      return `| ${notAFlag ? 'no flag' : `\`${option}\``} | \`${showSetting(name, fallback)}\` | \`${variableOf(name)}\` | ${help} |`
    })

    assert.deepEqual(missingLines('README.md', rows), [])
  })
})

describe('docs/guide.md', () => {
  it('names variables that exist', () => {
    const known = [...OPTION_NAMES.map(variableOf), 'PLIMSOLL_DEBUG']
    const named = matches(read('docs/guide.md'), /\b(PLIMSOLL_[A-Z_]*[A-Z])\b/g)

    assert.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
    )
  })

  it('gives each option its flag, its variable and its key', () => {
    const rows = OPTION_NAMES.map((name) => {
      const flag = name === 'folder' ? 'FOLDER' : flagOf(name)
      const { notInFile, notAFlag }: OptionDescription = OPTIONS[name]
      return `| ${notAFlag ? 'none' : `\`${flag}\``} | \`${variableOf(name)}\` | ${notInFile ? 'none' : `\`${name}\``} |`
    })

    assert.deepEqual(missingLines('docs/guide.md', rows), [])
  })

  it('shows a configuration file that the server accepts', async (test) => {
    const [example = ''] = fencedBlocks('docs/guide.md', 'json plimsoll.json')
    const file = join(temporaryFolder(test), 'plimsoll.json')
    writeFileSync(file, example)

    const { sources } = await loadSettings({
      flags: { config: file },
      environment: {},
      workingDirectory: root,
    })

    for (const key of Object.keys(JSON.parse(example) as object)) {
      assert.equal(sources[key as keyof typeof sources], `${key} in ${file}`)
    }
  })
})

describe('the documents', () => {
  const documents = globSync(['*.md', 'docs/**/*.md', 'changelog/**/*.md', 'examples/*.md'], { cwd: root })

  it('link to files and headings that exist', () => {
    const broken = documents.flatMap((document) =>
      matches(read(document), /\]\(([^)\s]+)\)/g)
        .filter((link) => !/^https?:/.test(link) && !linkWorks(document, link))
        .map((link) => `${document}: ${link}`),
    )

    assert.deepEqual(broken, [])
  })

  it('name source files that exist', () => {
    const bases = [root, join(root, 'server/src')]
    const missing = documents.flatMap((document) =>
      matches(read(document), /`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|js|sql))`/g)
        .filter((path) => !bases.some((base) => existsSync(join(base, path))))
        .map((path) => `${document}: ${path}`),
    )

    assert.deepEqual(missing, [])
  })

  it('have an index of the decisions, and on each page context, choice, price and what would change it', () => {
    const pages = documents.filter((document) => /decisions\/\d{3}-/.test(document))
    const parts = ['# ', '**Context.**', '**Choice.**', '**Price.**', '**What would change our mind.**']
    const index = read('docs/decisions/README.md')

    const wrong = pages.filter((page) => {
      const text = read(page)
      const inIndex = index.includes(`(${relative('docs/decisions', page)})`)
      return !inIndex || text.split('\n').length > 46 || !parts.every((part) => text.includes(part))
    })

    assert.ok(pages.length > 0)
    assert.deepEqual(wrong, [])
  })
})

interface MainJob {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly folder: string
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>
}

/** What follows `npx` in the main job, on a free port: in a new folder, by the very file that npx would run. */
async function startMainJob(test: TestContext): Promise<MainJob> {
  const cwd = temporaryFolder(test)
  const args = MAIN_JOB.split('npx plimsoll ')[1]?.split(' ') ?? []
  const child = spawn(process.execPath, [command, ...args, '--port', '0'], {
    cwd,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  test.after(() => child.kill('SIGKILL'))
  const closed = once(child, 'close') as Promise<[number | null]>
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more
    })
  }
  while (!text.includes('Ctrl+C')) {
    const ended = await Promise.race([closed, once(child.stdout, 'data').then(() => null)])
    if (ended !== null) throw new Error(`the server ended with ${ended[0]}\n${text}`)
  }
  const said = (name: string): string => new RegExp(`^ +${name} +(\\S+)`, 'm').exec(text)?.[1] ?? ''
  return {
    url: said('address'),
    user: said('user'),
    password: said('password'),
    folder: join(cwd, 'files'),
    async stop() {
      child.kill('SIGTERM')
      const [code] = await closed
      return code
    },
  }
}

/** `npm ci` builds; this is for those who changed a source since. */
function buildIfStale(): void {
  const built = join(root, 'server/dist/cli/main.js')
  const sources = globSync('server/src/**/*', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  const newestMs = Math.max(...sources.map((file) => statSync(join(root, file)).mtimeMs))
  if (existsSync(built) && statSync(built).mtimeMs >= newestMs) return
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}

function read(document: string): string {
  return readFileSync(join(root, document), 'utf8')
}

/** The insides of the fenced blocks whose info string is exactly `info`. */
function fencedBlocks(document: string, info: string): readonly string[] {
  return [...read(document).matchAll(/^```(.*)\n([\s\S]*?)\n```$/gm)]
    .filter(([, found]) => found === info)
    .map(([, , inside = '']) => inside)
}

function matches(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found)
}

function missingLines(document: string, lines: readonly string[]): readonly string[] {
  const present = read(document).split('\n')
  return lines.filter((line) => !present.includes(line))
}

function linkWorks(document: string, link: string): boolean {
  const [path = '', heading] = link.split('#')
  const target = path === '' ? join(root, document) : resolve(root, dirname(document), path)
  if (!existsSync(target)) return false
  return heading === undefined || headingsOf(readFileSync(target, 'utf8')).includes(heading)
}

/** Headings as the anchors that they become on a page. */
function headingsOf(text: string): readonly string[] {
  return matches(text, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

import assert from 'node:assert/strict'
import { chmodSync, cpSync, readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Sendfile } from '../../../src/front.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { refusalIn } from '../../support/refusal.ts'
import { behind, withoutFront } from './behind.ts'
import { type Answered, curl, field } from './client.ts'
import { deployed, replaced } from './plan.ts'

const BROWSER = 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const PAGES = fileURLToPath(new URL('../../../../deploy/pages', import.meta.url))
const GUIDE = fileURLToPath(new URL('../../../../docs/deploy.md', import.meta.url))

/** Where a front that runs as a user of its own may read them: a checkout may lie in somebody's home. */
function readablePages(test: TestContext): string {
  const directory = temporaryFolder(test)
  chmodSync(directory, 0o755)
  cpSync(PAGES, directory, { recursive: true })
  return directory
}

const FILE = [507, 'text/html', /<h1>There is no room for this file<\/h1>/] as const
const TEXT = [507, 'text/plain', /^Insufficient Storage$/] as const

describe('a 507 page of nginx', { skip: withoutFront('nginx') }, () => {
  for (const [form, expected] of [
    ['507-file.conf', FILE],
    ['507-text.conf', TEXT],
  ] as const) {
    it(`by ${form} is for browsers, and leaves the DAV:error to programs`, async (test) => {
      const [browsers, page] = [deployed('nginx/507-browsers.conf'), deployed(`nginx/${form}`)]

      const { browser, program } = await refusals(test, 'nginx', (text) =>
        withLocation(text, browsers + page.replaceAll('/etc/nginx/plimsoll', readablePages(test))),
      )

      assertPage(browser, expected)
      assertError(program)
    })
  }

  it('by the bare lines of docs/deploy.md is for everybody', async (test) => {
    const { browser, program } = await refusals(test, 'nginx', (text) =>
      withLocation(text, block('nginx bare')),
    )

    assertPage(browser, [507, 'text/html', /^Insufficient Storage$/])
    assertPage(program, [507, 'text/html', /^Insufficient Storage$/])
  })
})

describe('a 507 page of Apache', { skip: withoutFront('apache') }, () => {
  const text = '\nErrorDocument 507 "Insufficient Storage"'
  const file = '\n# ErrorDocument 507 /507.html'
  const address = '\n# ErrorDocument 507 https://www.example.org/507.html'
  const forms: readonly [
    string,
    readonly (readonly [string, string])[],
    readonly [number, string, RegExp],
  ][] = [
    ['as text', [], [507, 'text/html', /^Insufficient Storage$/]],
    [
      'as a file',
      [
        [text, ''],
        [file, file.replace('# ', '')],
      ],
      FILE,
    ],
    [
      'at another address, which loses the status',
      [
        [text, ''],
        [address, address.replace('# ', '')],
      ],
      [302, 'text/html', /https:\/\/www\.example\.org\/507\.html/],
    ],
  ]
  for (const [form, changes, expected] of forms) {
    it(`${form} is for browsers, and leaves the DAV:error to programs`, async (test) => {
      const pages = replaced(deployed('apache/507-pages.conf'), [
        ['/etc/apache2/plimsoll', readablePages(test)],
        ...changes,
      ])

      const { browser, program } = await refusals(test, 'apache', (site) => beforeProxyPass(site, pages))

      assertPage(browser, expected)
      assertError(program)
    })
  }

  it('by the bare lines of docs/deploy.md is for everybody', async (test) => {
    const { browser, program } = await refusals(test, 'apache', (site) =>
      beforeProxyPass(site, block('apache bare')),
    )

    assertPage(browser, [507, 'text/html', /^Insufficient Storage$/])
    assertPage(program, [507, 'text/html', /^Insufficient Storage$/])
  })
})

const SENDFILE: Readonly<Record<'nginx' | 'apache', Sendfile>> = {
  nginx: { front: 'nginx', location: '/-/plimsoll' },
  apache: { front: 'apache' },
}

/** One refused upload by a browser and one by a WebDAV client; what fits is stored, and what is there is read. */
async function refusals(
  test: TestContext,
  name: 'nginx' | 'apache',
  edit: (configuration: string) => string,
) {
  const { front } = await behind(test, name, { limitBytes: 4, sendfile: SENDFILE[name] }, edit)
  const upload = ['-T', import.meta.filename]

  const browser = await curl(front, '/a', '-H', BROWSER, ...upload)
  const program = await curl(front, '/a', ...upload)
  const fitting = await curl(front, '/b', '-H', BROWSER, '-X', 'PUT', '-d', 'abcd')

  const read = await curl(front, '/b', '-H', BROWSER)
  const listed = await curl(front, '/', '-H', BROWSER)
  const missing = await curl(front, '/c', '-H', BROWSER)

  assert.deepEqual([fitting.status, read.status, read.body], [201, 200, 'abcd'])
  assert.deepEqual([listed.status, missing.status], [200, 404])
  assert.match(missing.body, /<h1>Not Found<\/h1>/)
  return { browser, program }
}

function assertPage(answer: Answered, [status, type, body]: readonly [number, string, RegExp]): void {
  assert.equal(answer.status, status, answer.body)
  assert.match(field(answer, 'Content-Type') ?? '', new RegExp(`^${type}`))
  assert.match(answer.body.trim(), body)
}

function assertError(answer: Answered): void {
  assert.deepEqual(
    [answer.status, refusalIn(answer.body).condition],
    [507, 'D:quota-not-exceeded'],
    answer.body,
  )
}

/** Another `location /` in the place of the deployed one. */
function withLocation(configuration: string, other: string): string {
  const [first] = /^ {4}location \/ \{\n[^}]*\}\n/m.exec(configuration) ?? []
  return replaced(configuration, [[first ?? 'location / {', other]])
}

function beforeProxyPass(site: string, lines: string): string {
  return replaced(site, [['    ProxyPass / ', `${lines}\n    ProxyPass / `]])
}

/** The inside of a fenced block of docs/deploy.md. */
function block(info: string): string {
  const [, inside] =
    new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readFileSync(GUIDE, 'utf8')) ?? []
  return inside ?? assert.fail(`docs/deploy.md has no block ${info}`)
}

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { StartError } from '../../src/core/start-error.ts'
import { ask } from '../support/ask.ts'
import { MIB } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith } from '../support/server.ts'

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const FULL =
  '{{status}} {{reason}}: {{path}} needs {{needed}} ({{neededBytes}}), {{available}} ({{availableBytes}}) left' +
  '{{#limit}} of {{limit}} ({{limitBytes}}) in {{root}}, {{used}} ({{usedBytes}}) used{{/limit}}; {{cause}} {{method}}'

describe('the operator’s own pages for refusals', () => {
  it('know the numbers of a 507 (STOR-03)', async (test) => {
    const server = await serverWith(test, {
      limitBytes: 10 * MIB,
      errorPages: pages(test, { '507.html': FULL }),
    })
    await ask(server, 'PUT /small', { body: new Uint8Array(MIB) })

    const answer = await ask(server, 'PUT /gro%C3%9F.bin', {
      body: new Uint8Array(12 * MIB),
      headers: BROWSER,
    })

    assert.equal(answer.status, 507)
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(
      answer.text,
      '507 Insufficient Storage: /groß.bin needs 12 MiB (12582912), 9 MiB (9437184) left ' +
        'of 10 MiB (10485760) in /, 1 MiB (1048576) used; collection-quota PUT',
    )
  })

  it('leave out what is not known: a full disk has no limit', async (test) => {
    const server = await serverWith(test, {
      keepFreeBytes: 2 ** 60,
      errorPages: pages(test, { '507.html': FULL }),
    })

    const { text } = await ask(server, 'PUT /a', { body: 'x', headers: BROWSER })

    assert.match(text, /^507 Insufficient Storage: \/a needs 1 B \(1\), 0 B \(0\) left; disk-bytes PUT$/)
  })

  it('show what a client sent as text and never as markup', async (test) => {
    const server = await serverWith(test, {
      errorPages: pages(test, { '404.html': '<p title="{{path}}">{{path}}</p>' }),
    })

    const answer = await ask(server, 'GET /%3Cscript%3E%22%27', { headers: BROWSER })

    assert.equal(answer.text, '<p title="/&lt;script&gt;&quot;&#39;">/&lt;script&gt;&quot;&#39;</p>')
    assert.equal(
      answer.headers['content-security-policy'],
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    )
  })

  it('are for those who prefer HTML: WebDAV clients get the DAV:error, programs the problem (STOR-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1, errorPages: pages(test, { '507.html': 'page' }) })
    const put = (headers: Record<string, string>) => ask(server, 'PUT /a', { body: 'too long', headers })

    const [silent, any, xml, json, browser] = [
      await put({}),
      await put({ Accept: '*/*' }),
      await put({ Accept: 'application/xml' }),
      await put({ Accept: 'application/problem+json' }),
      await put(BROWSER),
    ]

    for (const { text } of [silent, any, xml]) {
      assert.equal(refusalIn(text).condition, 'D:quota-not-exceeded')
    }
    assert.equal(JSON.parse(json.text).status, 507)
    assert.equal(browser.text, 'page')
  })

  it('stand beside our own pages for the other statuses', async (test) => {
    const server = await serverWith(test, { errorPages: pages(test, { '507.html': 'page' }) })

    const { text } = await ask(server, 'GET /missing', { headers: BROWSER })

    assert.match(text, /<h1>Not Found<\/h1>/)
  })

  it('can be what docs/guide.md shows', async (test) => {
    const guide = readFileSync(fileURLToPath(new URL('../../../docs/guide.md', import.meta.url)), 'utf8')
    const [, example = ''] = /^```html 507\.html\n([\s\S]*?)^```$/m.exec(guide) ?? []
    const server = await serverWith(test, {
      limitBytes: 2048,
      errorPages: pages(test, { '507.html': example }),
    })

    const { text } = await ask(server, 'PUT /a', { body: new Uint8Array(4096), headers: BROWSER })

    assert.match(text, /<title>No room for \/a<\/title>/)
    assert.match(text, /<p>The file was not saved\. It needs 4 KiB; 2 KiB are left/)
    assert.match(text, /<p>0 B of 2 KiB are used in \/\.<\/p>/)
  })

  it('tell the largest file in a 413', async (test) => {
    const template = '{{#limit}}{{limit}} {{limitBytes}}{{/limit}}{{#needed}}never{{/needed}}'
    const server = await serverWith(test, {
      maxFileBytes: 2048,
      errorPages: pages(test, { '413.html': template }),
    })

    const { text } = await ask(server, 'PUT /a', { body: new Uint8Array(4096), headers: BROWSER })

    assert.equal(text, '2 KiB 2048')
  })
})

describe('a start with pages that cannot be used', () => {
  const faults: readonly [string, Record<string, string | null>, RegExp][] = [
    [
      'a misspelled placeholder',
      { '507.html': 'a\n{{neded}}' },
      /507\.html, line 2: there is no placeholder/,
    ],
    ['a name without a status', { 'full.html': '' }, /full\.html is not named as an error page/],
    ['a page in another form', { '507.txt': '' }, /507\.txt is not named as an error page/],
    ['a status that is no refusal', { '200.html': '' }, /200\.html: this server never answers 200/],
    ['a page that is not UTF-8', { '507.html': '\xff' }, /507\.html is not UTF-8/],
    [
      'a page that is too large',
      { '507.html': ' '.repeat(262_145) },
      /507\.html is larger than 262144 bytes/,
    ],
    ['a page that is a directory', { '507.html': null }, /507\.html cannot be read: it is a directory/],
    ['no page at all', {}, /there is no error page in/],
  ]
  for (const [what, files, message] of faults) {
    it(`says what is wrong with ${what}`, async (test) => {
      const directory = pages(test, files)

      await assert.rejects(serverWith(test, { errorPages: directory }), startError(message))
    })
  }

  it('says that the directory is missing, or is none', async (test) => {
    const directory = pages(test, { '507.html': 'x' })

    const missing = serverWith(test, { errorPages: join(directory, 'no') })
    await assert.rejects(missing, startError(/the error pages in .*no cannot be read: it is not there/))
    const file = serverWith(test, { errorPages: join(directory, '507.html') })
    await assert.rejects(file, startError(/cannot be read: that is not a directory/))
  })

  it('says that a page cannot be read, and leaves names with a dot alone', async (test) => {
    const directory = pages(test, { '507.html': 'x', '.draft.html': '{{' })
    await serverWith(test, { errorPages: directory })
    symlinkSync('nowhere', join(directory, '404.html'))

    await assert.rejects(
      serverWith(test, { errorPages: directory }),
      startError(/the error page .*404\.html cannot be read: it is not there/),
    )
  })
})

/** A directory with files in it, as latin1; null makes a directory. */
function pages(test: TestContext, files: Readonly<Record<string, string | null>>): string {
  const directory = temporaryFolder(test)
  for (const [name, text] of Object.entries(files)) {
    if (text === null) mkdirSync(join(directory, name))
    else writeFileSync(join(directory, name), text, 'latin1')
  }
  return directory
}

function startError(message: RegExp) {
  return (error: unknown): boolean => error instanceof StartError && message.test(error.message)
}

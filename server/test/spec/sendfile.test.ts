import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { loadSettings } from '../../src/config/load.ts'
import { StartError } from '../../src/core/start-error.ts'
import type { Sendfile } from '../../src/front.ts'
import type { ServerOptions } from '../../src/server.ts'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith, type TestServer } from '../support/server.ts'

const FRONT = [{ address: '127.0.0.1', prefixBits: 32 }]
const NGINX: Sendfile = { front: 'nginx', location: '/-/plimsoll' }
const APACHE: Sendfile = { front: 'apache' }
const ODD_NAME = `a b%41"'?#;é日.txt`

describe('a file for a trusted front', () => {
  it('is named to nginx below the internal location, and none of its bytes is sent', async (test) => {
    const server = await withFile(test, { sendfile: NGINX })

    const { status, headers, bytes } = await ask(server, 'GET /a.txt')

    assert.deepEqual([status, bytes.length, headers['content-length']], [200, 0, '0'])
    assert.equal(headers['x-accel-redirect'], '/-/plimsoll/a.txt')
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    assert.match(String(headers['content-security-policy']), /sandbox/)
    assert.equal(headers.etag, (await ask(server, 'HEAD /a.txt')).headers.etag)
  })

  it('is named to Apache by its path in the file system', async (test) => {
    const folder = join(temporaryFolder(test), 'a folder')
    mkdirSync(folder)
    symlinkSync(folder, `${folder}-link`)
    const server = await withFile(test, { sendfile: APACHE, folder: `${folder}-link` })

    const { headers } = await ask(server, 'GET /a.txt')

    assert.equal(headers['x-sendfile'], `${folder}/a.txt`)
  })

  it('is named to Apache byte for byte, because it decodes nothing, and sent where that cannot be', async (test) => {
    const server = await withFile(test, { sendfile: APACHE }, `/${encodeURIComponent(ODD_NAME)}`)
    await ask(server, 'PUT /space%20', { body: 'abcdef' })

    const odd = await ask(server, `GET /${encodeURIComponent(ODD_NAME)}`)
    const space = await ask(server, 'GET /space%20')

    assert.equal(
      Buffer.from(String(odd.headers['x-sendfile']), 'latin1').toString(),
      `${server.folder}/${ODD_NAME}`,
    )
    assert.deepEqual([space.headers['x-sendfile'], space.text], [undefined, 'abcdef'])
  })

  it('has every character of its name escaped that a front or a header could misread', async (test) => {
    const server = await withFile(
      test,
      { sendfile: NGINX, basePath: '/dav' },
      `/dav/${encodeURIComponent(ODD_NAME)}`,
    )

    const { headers } = await ask(server, `GET /dav/${encodeURIComponent(ODD_NAME)}`)

    const told = headers['x-accel-redirect'] as string
    assert.match(told, /^\/-\/plimsoll\/[\w.%-]+$/)
    assert.equal(decodeURIComponent(told), `/-/plimsoll/${ODD_NAME}`)
  })

  it('is meant whole where a range is asked for, because the front cuts it (RFC 9110 §14.2)', async (test) => {
    const server = await withFile(test, { sendfile: NGINX })

    for (const range of ['bytes=1-2', 'bytes=0-0,2-2']) {
      const { status, headers } = await ask(server, 'GET /a.txt', { headers: { Range: range } })
      assert.deepEqual([status, headers['content-range']], [200, undefined], range)
      assert.deepEqual(
        [headers['x-accel-redirect'], headers['content-type']],
        ['/-/plimsoll/a.txt', 'text/plain; charset=utf-8'],
      )
    }
    const beyond = await ask(server, 'GET /a.txt', { headers: { Range: 'bytes=99-' } })
    assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, 'bytes */6'])
  })

  it('is sent by the server where a condition is asked that the front would judge again', async (test) => {
    const server = await withFile(test, { sendfile: NGINX })
    const etag = String((await ask(server, 'HEAD /a.txt')).headers.etag)
    const get = (headers: Record<string, string>) => ask(server, 'GET /a.txt', { headers })

    const same = await get({ 'If-Match': etag })
    const part = await get({ 'If-Range': etag, Range: 'bytes=1-2' })
    const old = await get({ 'If-Unmodified-Since': 'Sun, 22 Nov 2037 22:13:23 GMT' })
    const other = await get({ 'If-Match': '"other"' })

    assert.deepEqual([same.text, part.text, old.text], ['abcdef', 'bc', 'abcdef'])
    assert.deepEqual([same.status, part.status, old.status, other.status], [200, 206, 200, 412])
  })

  it('is not named where the client has it already (RFC 9110 §13.1.2)', async (test) => {
    const server = await withFile(test, { sendfile: NGINX })
    const etag = String((await ask(server, 'HEAD /a.txt')).headers.etag)

    const { status, headers } = await ask(server, 'GET /a.txt', { headers: { 'If-None-Match': etag } })

    assert.deepEqual([status, headers['x-accel-redirect']], [304, undefined])
  })

  it('is the only thing that is handed over: not the state, not a link, not a listing, not a HEAD', async (test) => {
    const server = await withFile(test, { sendfile: NGINX })
    symlinkSync('.plimsoll/state.db', join(server.folder, 'link'))

    const answers = [
      await ask(server, 'GET /.plimsoll/state.db'),
      await ask(server, 'GET /%2Eplimsoll/state.db'),
      await ask(server, 'GET /link'),
      await ask(server, 'GET /'),
      await ask(server, 'HEAD /a.txt'),
    ]

    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 404, 200, 200],
    )
    for (const { headers } of answers) assert.equal(headers['x-accel-redirect'], undefined)
    assert.equal(answers.at(-1)?.headers['content-length'], '6')
  })
})

describe('a file for anybody else', () => {
  it('is sent, and where it lies is told to nobody', async (test) => {
    for (const sendfile of [NGINX, APACHE]) {
      const server = await withFile(test, {
        sendfile,
        trustProxy: [{ address: '192.0.2.1', prefixBits: 32 }],
      })

      const { headers, text } = await ask(server, 'GET /a.txt', {
        headers: { 'X-Forwarded-For': '192.0.2.1' },
      })

      assert.equal(text, 'abcdef')
      assert.deepEqual([headers['x-accel-redirect'], headers['x-sendfile']], [undefined, undefined])
    }
  })
})

describe('--sendfile', () => {
  it('needs a front that is trusted', async (test) => {
    await assert.rejects(
      serverWith(test, { sendfile: NGINX }),
      (error: unknown) => error instanceof StartError && /--trust-proxy loopback/.test(error.hint),
    )
  })

  const read: readonly [string, Sendfile | null][] = [
    ['apache', APACHE],
    ['nginx=/-/plimsoll', NGINX],
    ['none', null],
  ]
  for (const [text, setting] of read) {
    it(`reads ${text}`, async () => {
      assert.deepEqual(await settingOf(text), setting)
    })
  }

  for (const text of [
    'nginx',
    'nginx=',
    'nginx=/',
    'nginx=a',
    'nginx=/a/../b',
    'nginx=/a b',
    'Apache',
    'caddy',
  ]) {
    it(`refuses ${text}`, async () => {
      await assert.rejects(settingOf(text), /--sendfile: expected apache, nginx=\/LOCATION/)
    })
  }
})

async function withFile(
  test: TestContext,
  options: Partial<ServerOptions>,
  url = '/a.txt',
): Promise<TestServer> {
  const server = await serverWith(test, { trustProxy: FRONT, ...options })
  const stored = await ask(server, `PUT ${url}`, { body: 'abcdef' })
  assert.equal(stored.status, 201)
  return server
}

async function settingOf(text: string) {
  const { settings } = await loadSettings({
    flags: { sendfile: text },
    environment: {},
    workingDirectory: '/',
  })
  return settings.sendfile
}

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Sendfile } from '../../../src/front.ts'
import { ask } from '../../support/ask.ts'
import { MIB, randomBytes, sha256 } from '../../support/content.ts'
import { requestEnded } from '../../support/eventually.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { serverProcess } from '../../support/process.ts'
import { succeed } from '../program.ts'
import { DIFFICULT_NAMES } from '../tree.ts'
import { behind, withoutFront } from './behind.ts'
import { curl, field } from './client.ts'
import { startFront } from './front.ts'

const FRONTS = [
  ['nginx', { front: 'nginx', location: '/-/plimsoll' }, 'nginx=/-/plimsoll'],
  ['apache', { front: 'apache' }, 'apache'],
] as const satisfies readonly (readonly [string, Sendfile, string])[]

for (const [name, sendfile, flag] of FRONTS) {
  describe(`a download that ${name} sends by itself`, { skip: withoutFront(name) }, () => {
    const served = (test: TestContext) => behind(test, name, { sendfile, basePath: '/dav' })

    it('has the content, the entity tag and the protections that the server gives it', async (test) => {
      const { server, front } = await served(test)
      const body = 'x'.repeat(70_000)
      await ask(server, 'PUT /dav/a.html', { body })
      const own = await ask(server, 'HEAD /dav/a.html', { headers: { 'X-Forwarded-For': '127.0.0.1' } })

      const got = await curl(front, '/dav/a.html')

      assert.deepEqual([got.status, got.body], [200, body])
      for (const one of [
        'ETag',
        'Content-Security-Policy',
        'X-Content-Type-Options',
        'Last-Modified',
        'Cache-Control',
      ]) {
        assert.equal(field(got, one), own.headers[one.toLowerCase()], one)
      }
      assert.equal(field(got, 'Content-Type'), 'text/html; charset=utf-8')
      assert.deepEqual([field(got, 'X-Accel-Redirect'), field(got, 'X-Sendfile')], [undefined, undefined])
      await requestEnded(server, 'GET /dav/a.html')
      assert.equal(server.log.requests.findLast(({ method }) => method === 'GET')?.sentBytes, 0)
    })

    it('has the parts that were asked for (RFC 9110 §14)', async (test) => {
      const { server, front } = await served(test)
      await ask(server, 'PUT /dav/a.txt', { body: '0123456789' })
      const part = (range: string, ...args: readonly string[]) =>
        curl(front, '/dav/a.txt', '-H', `Range: bytes=${range}`, ...args)
      const etag = field(await part('0-1'), 'ETag') ?? ''

      const one = await part('2-4')
      const last = await part('-3')
      const several = await part('0-1,5-6')
      const beyond = await part('99-')
      const still = await part('2-4', '-H', `If-Range: ${etag}`)
      const changed = await part('2-4', '-H', 'If-Range: "other"')

      assert.deepEqual([one.status, one.body, field(one, 'Content-Range')], [206, '234', 'bytes 2-4/10'])
      assert.deepEqual([last.status, last.body], [206, '789'])
      assert.match(several.body, /Content-Range: bytes 0-1\/10\r\n\r\n01\r\n--/i)
      assert.deepEqual([beyond.status, field(beyond, 'Content-Range')], [416, 'bytes */10'])
      assert.deepEqual([still.status, still.body], [206, '234'])
      assert.deepEqual([changed.status, changed.body], [200, '0123456789'])
    })

    it('is judged by the conditions of the client as the server alone would (RFC 9110 §13)', async (test) => {
      const { server, front } = await served(test)
      await ask(server, 'PUT /dav/a.txt', { body: '0123456789' })
      const get = (...fields: readonly string[]) =>
        curl(front, '/dav/a.txt', ...fields.flatMap((one) => ['-H', one]))
      const first = await get()
      const [etag, modified] = [field(first, 'ETag'), field(first, 'Last-Modified')]

      const answers = [
        await get(`If-None-Match: ${etag}`),
        await get('If-None-Match: "other"'),
        await get('If-None-Match: "other"', `If-Modified-Since: ${modified}`),
        await get(`If-Modified-Since: ${modified}`),
        await get('If-Modified-Since: Sun, 22 Nov 2015 22:13:23 GMT'),
        await get(`If-Match: ${etag}`),
        await get('If-Match: "other"'),
        await get(`If-Unmodified-Since: ${modified}`),
        await get('If-Unmodified-Since: Sun, 22 Nov 2015 22:13:23 GMT'),
      ]

      assert.deepEqual(
        answers.map(({ status }) => status),
        [304, 200, 200, 304, 200, 200, 412, 200, 412],
      )
      assert.ok(answers.every((answer) => answer.status !== 200 || answer.body === '0123456789'))
    })

    it('is found whatever its name is', async (test) => {
      const { server, front } = await served(test)
      const names = [
        ...DIFFICULT_NAMES,
        '..a',
        '...',
        '~',
        'a;b',
        "it's",
        '\u00e9',
        'e\u0301',
        '%2e%2e',
        'x'.repeat(255),
      ]
      mkdirSync(join(server.folder, 'a folder'))
      for (const one of names) writeFileSync(join(server.folder, 'a folder', one), one)

      for (const one of names) {
        const { status, body } = await curl(front, `/dav/a%20folder/${encodeURIComponent(one)}`)
        assert.deepEqual([status, body], [200, one], one)
      }
    })

    it('is never a file of the state, whatever a client asks for', async (test) => {
      const { server, front } = await served(test)
      // Readable for the front, so that nothing but its configuration and the server stand in the way.
      chmodSync(join(server.folder, '.plimsoll'), 0o755)

      for (const path of [
        '/dav/.plimsoll/state.db',
        '/dav/.PLIMSOLL/state.db',
        '/dav/%2eplimsoll/state.db',
        '/dav/a/../.plimsoll/state.db',
        '/-/plimsoll/.plimsoll/state.db',
        '/-/plimsoll/a.txt',
        '/-/plimsoll/',
        '/-/plimsoll/%2eplimsoll/state.db',
        '/dav/../-/plimsoll/.plimsoll/state.db',
        '//-/plimsoll/.plimsoll/state.db',
        `${server.folder}/.plimsoll/state.db`,
      ]) {
        const answer = await curl(front, path, '-H', 'X-Accel-Redirect: /-/plimsoll/.plimsoll/state.db')
        assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`)
        assert.ok(!answer.body.includes('SQLite format'), path)
      }
    })

    it('of 64 MiB costs the server next to no byte', async (test) => {
      const folder = temporaryFolder(test)
      chmodSync(folder, 0o755)
      const body = randomBytes(64 * MIB)
      writeFileSync(join(folder, 'big.bin'), body)
      const server = await serverProcess(test, folder, ['--trust-proxy', 'loopback', '--sendfile', flag])
      const front = await startFront(test, name, { upstreamPort: server.port, folder })
      const got = join(temporaryFolder(test), 'got.bin')
      const before = movedBytes(server.pid)

      await succeed('curl', ['-sSf', '--cacert', front.caFile, '-o', got, `${front.url}/big.bin`])

      assert.equal(sha256(readFileSync(got)), sha256(body))
      const moved = movedBytes(server.pid) - before
      assert.ok(moved < MIB, `the server read and wrote ${moved} bytes`)
    })
  })
}

/** What a process has read and written until now, from and to whatever. */
function movedBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/io`, 'utf8')
  return ['rchar', 'wchar'].reduce(
    (sum, name) => sum + Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]),
    0,
  )
}

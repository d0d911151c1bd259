import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { basicAuthenticator } from '../../src/auth/basic.ts'
import { type Answer, ask } from '../support/ask.ts'
import { randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { askLock, lock, setting, transfer, update } from '../support/spawned.ts'

const PROBLEM = 'application/problem+json'
const FORMS = ['application/xml', PROBLEM, 'text/html'] as const

type Headers = Readonly<Record<string, string>>
type Refused = (server: TestServer, headers: Headers) => Promise<Answer>

/** Every kind of refusal that a request alone can bring about, by its status. */
const REFUSALS: Readonly<Record<string, readonly [number, Refused]>> = {
  'a bad target': [400, (server, headers) => ask(server, 'GET /%zz', { headers })],
  'a reserved name': [404, (server, headers) => ask(server, 'PUT /.plimsoll/a', { headers, body: 'x' })],
  'the root as victim': [403, (server, headers) => ask(server, 'DELETE /', { headers })],
  'nothing there': [404, (server, headers) => ask(server, 'GET /missing', { headers })],
  'a method not for this': [405, (server, headers) => ask(server, 'MKCOL /box', { headers })],
  'a missing parent': [409, (server, headers) => ask(server, 'PUT /no/parent', { headers, body: 'x' })],
  'a failed condition': [
    412,
    (server, headers) => ask(server, 'GET /kept', { headers: { ...headers, 'If-Match': '"x"' } }),
  ],
  'too large a file': [413, (server, headers) => ask(server, 'PUT /a', { headers, body: randomBytes(5001) })],
  'a body where none is known': [415, (server, headers) => ask(server, 'MKCOL /a', { headers, body: 'x' })],
  'a range outside': [
    416,
    (server, headers) => ask(server, 'GET /kept', { headers: { ...headers, Range: 'bytes=99-' } }),
  ],
  'what somebody else has locked': [
    423,
    (server, headers) => ask(server, 'PUT /locked', { headers, body: 'x' }),
  ],
  'a second lock': [423, (server, headers) => askLock(server, '/locked', { headers })],
  'an unknown method': [501, (server, headers) => ask(server, 'SEARCH /', { headers })],
  'another server': [
    502,
    (server, headers) => transfer(server, 'COPY', '/kept', 'http://elsewhere/a', headers),
  ],
  'no room': [507, (server, headers) => ask(server, 'PUT /a', { headers, body: randomBytes(4500) })],
}

async function filledServer(test: TestContext): Promise<{ server: TestServer; token: string }> {
  const authenticate = async ({ authorization = 'alice' }) => ({ name: authorization })
  const server = await serverWith(test, { authenticate, limitBytes: 4000, maxFileBytes: 5000 })
  await ask(server, 'MKCOL /box')
  for (const name of ['kept', 'locked']) await ask(server, `PUT /${name}`, { body: 'hello' })
  const headers = { Authorization: 'bobolink' }
  const token = await lock(server, '/locked', { headers, owner: 'Mr Bobolink' })
  return { server, token }
}

describe('a refusal as a problem (RFC 9457 §3.1)', () => {
  for (const [what, [status, refuse]] of Object.entries(REFUSALS)) {
    it(`has the status of the answer and an absolute URI as its type: ${what} (PROB-02)`, async (test) => {
      const { server } = await filledServer(test)

      const answer = await refuse(server, { Accept: PROBLEM })

      const problem = JSON.parse(answer.text)
      assert.deepEqual([answer.status, problem.status], [status, status])
      assert.equal(answer.headers['content-type'], PROBLEM)
      // `about:blank` is one too: it says that the status says it all (§4.2.1).
      assert.match(problem.type, /^[a-z][a-z0-9+.-]*:[^\s#]+(#[\w-]+)?$/)
      assert.equal(typeof problem.title, 'string')
    })
  }
})

/** What nobody outside may read: where the server keeps its files, where its code lies, and how far it came. */
function assertDiscreet(server: TestServer, { text }: Answer, ...more: readonly string[]): void {
  for (const secret of [server.folder, process.cwd(), 'node:', '/proc/self', ...more])
    assert.ok(!text.includes(secret), `${secret} in ${text}`)
  assert.doesNotMatch(text, /^\s+at /m)
  assert.doesNotMatch(text, /\.[jt]s:\d+/)
  assert.doesNotMatch(text, /\bE[A-Z]{4,}\b|SQLITE/)
}

describe('the text of a refusal (RFC 9457 §5)', () => {
  for (const [what, [status, refuse]] of Object.entries(REFUSALS)) {
    it(`tells neither paths of the server nor who else is there, in any form: ${what} (PROB-03)`, async (test) => {
      const { server, token } = await filledServer(test)

      for (const Accept of FORMS) {
        const answer = await refuse(server, { Accept })
        assert.equal(answer.status, status)
        assertDiscreet(server, answer, 'bobolink', 'Bobolink', token)
      }
    })
  }

  it('says nothing of a defect of the server but where to look for it (PROB-03)', async (test) => {
    const authenticate = async () => {
      throw new Error('cannot read /etc/plimsoll/users, bobolink')
    }
    const server = await serverWith(test, { authenticate })

    for (const Accept of FORMS) {
      const answer = await ask(server, 'GET /kept', { headers: { Accept } })
      assert.equal(answer.status, 500)
      assertDiscreet(server, answer, '/etc', 'bobolink', 'cannot read')
    }
    assert.ok(server.log.messages.some((message) => message.includes('/etc/plimsoll/users')))
  })

  it('says nothing of the disk when that fails (PROB-03)', async (test) => {
    const server = await serverWith(test, { folder: join(temporaryFolder(test), 'bobolink') })
    await ask(server, 'PUT /kept', { body: 'hello' })
    rmSync(join(server.folder, '.plimsoll', 'stage'), { recursive: true })

    for (const Accept of FORMS) {
      const answer = await ask(server, 'PUT /new', { body: 'x', headers: { Accept } })
      assert.ok(answer.status >= 400, String(answer.status))
      assertDiscreet(server, answer, 'bobolink', 'stage')
    }
    assert.deepEqual(
      readdirSync(server.folder).filter((name) => !name.startsWith('.')),
      ['kept'],
    )
  })
})

describe('a caller whom nobody knows (RFC 4918 §8.1)', () => {
  const writes: readonly ((server: TestServer, headers: Headers) => Promise<Answer>)[] = [
    (server, headers) => ask(server, 'PUT /a', { headers, body: randomBytes(5000) }),
    (server, headers) => ask(server, 'PUT /kept', { headers, body: randomBytes(5000), chunked: true }),
    (server, headers) => transfer(server, 'COPY', '/kept', '/copy', headers),
    (server, headers) => update(server, '/kept', setting('z:note', 'x'.repeat(5000)), headers),
    (server, headers) => ask(server, 'PROPFIND /', { headers: { ...headers, Depth: '0' } }),
    (server, headers) => ask(server, 'GET /', { headers }),
  ]

  it('learns no number of the space from any method, in any form, where the user would get a 507 (SEC-02)', async (test) => {
    const authenticate = await basicAuthenticator([{ name: 'alice', password: 'secret' }])
    const server = await serverWith(test, { authenticate, limitBytes: 3777 })
    const Authorization = `Basic ${btoa('alice:secret')}`
    await ask(server, 'PUT /kept', { body: randomBytes(3111), headers: { Authorization } })

    const known = await ask(server, 'PUT /a', { body: randomBytes(5000), headers: { Authorization } })
    assert.match(known.text, /limit="3777" used="3111"/)
    for (const write of writes) {
      for (const Accept of FORMS) {
        for (const stranger of [{}, { Authorization: `Basic ${btoa('alice:wrong')}` }]) {
          const { status, text, rawHeaders } = await write(server, { Accept, ...stranger })
          assert.equal(status, 401)
          assert.doesNotMatch(text + rawHeaders.join('\n'), /storage\b|quota|3777|3111|\b666\b/i)
        }
      }
    }
  })
})

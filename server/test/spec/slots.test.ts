import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { head, remainingAnswers } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { runCommand } from '../support/command.ts'
import { randomBytes } from '../support/content.ts'
import { eventually, requestEnded } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type ServerProcess, serverProcess } from '../support/process.ts'
import { type RawConnection, rawConnection } from '../support/raw.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'

const byName = { authenticate: async ({ authorization = 'nobody' }) => ({ name: authorization }) }

/** Uploads that are left open, and senders that do not hang up, do not hold up the end of a test. */
const QUICK = { shutdownSeconds: 0.1, lingerIdleSeconds: 0.1 }

/** An upload that has begun and goes on for as long as the test wants. */
async function openUpload(test: TestContext, server: TestServer, path: string, user = 'nobody') {
  const connection = await rawConnection(test, server)
  const before = server.strays().length
  connection.write(`${head(`PUT ${path}`, 'Content-Length: 10', `Authorization: ${user}`)}12345`)
  await eventually('the upload has begun', () => server.strays().length > before)
  return connection
}

function putAs(server: TestServer, path: string, user: string) {
  return ask(server, `PUT ${path}`, { body: 'x', headers: { Authorization: user } })
}

describe('open uploads', () => {
  it('of one user are bounded: one more is 429, and other users go on (MX-53)', async (test) => {
    const server = await serverWith(test, { ...byName, limits: { ...QUICK, uploadsPerUser: 2 } })
    const [first] = [
      await openUpload(test, server, '/1.bin', 'alice'),
      await openUpload(test, server, '/2.bin', 'alice'),
    ]

    const refused = await putAs(server, '/3.bin', 'alice')
    const other = await putAs(server, '/4.bin', 'bob')
    first.write('67890')
    await requestEnded(server, 'PUT /1.bin')
    const again = await putAs(server, '/3.bin', 'alice')

    assert.deepEqual([refused.status, other.status, again.status], [429, 201, 201])
    assert.ok(Number(refused.headers['retry-after']) > 0)
  })

  it('of all users are bounded: one more is 503 to everybody, and reading goes on (MX-54)', async (test) => {
    const server = await serverWith(test, { ...byName, limits: { ...QUICK, uploads: 2 } })
    const [first] = [
      await openUpload(test, server, '/1.bin', 'alice'),
      await openUpload(test, server, '/2.bin', 'bob'),
    ]

    const refused = await putAs(server, '/3.bin', 'carol')
    const read = await ask(server, 'PROPFIND /', { headers: { Depth: '1' } })
    first.socket.destroy()
    await requestEnded(server, 'PUT /1.bin')
    const again = await putAs(server, '/3.bin', 'carol')

    assert.deepEqual([refused.status, read.status, again.status], [503, 207, 201])
    assert.ok(Number(refused.headers['retry-after']) > 0)
  })

  for (const limits of [{ uploadsPerUser: 1 }, { uploads: 1 }]) {
    it(`above ${Object.keys(limits)} are refused before their bodies, and nothing is left (MX-53, MX-54)`, async (test) => {
      const server = await serverWith(test, { limitBytes: 10_000, limits: { ...QUICK, ...limits } })
      await openUpload(test, server, '/1.bin')
      const before = await server.space()

      const connection = await rawConnection(test, server)
      connection.write(head('PUT /2.bin', 'Content-Length: 5000000', 'Expect: 100-continue'))
      const [answer] = await remainingAnswers(connection)

      assert.ok([429, 503].includes(answer?.status ?? 0), answer?.body)
      assert.equal(answer?.headers.get('connection'), 'close')
      assert.deepEqual([await server.space(), server.strays().length], [before, 1])
    })
  }
})

describe('a server without a free file descriptor', { skip: missingTool('prlimit') }, () => {
  it('answers an upload 503 with a time to come back, wherever it runs out, and recovers (MX-55)', async (test) => {
    const server = await serverProcess(test, temporaryFolder(test))
    await ask(server, 'MKCOL /box')

    const seen = new Map<number, number>()
    for (let spare = 0; spare < 12; spare++) {
      const connection = await rawConnection(test, server)
      // Accepted, and with an answer: what comes next needs descriptors of files alone.
      connection.write(head('OPTIONS /'))
      await connection.read(/\r\n\r\n/)
      const answer = await putWith(server, connection, spare)
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
      if (answer.status === 503) assert.match(answer.text, /^retry-after: \d+\r$/im)
      else assert.equal(answer.status, 201, `${spare} spare: ${answer.text}`)
    }

    assert.ok((seen.get(503) ?? 0) > 0 && (seen.get(201) ?? 0) > 0, JSON.stringify([...seen]))
    assert.equal((await ask(server, 'PUT /box/last', { body: 'x' })).status, 201)
  })
})

/** A PUT while the server may open only so many more files; afterwards it may open as many as before. */
async function putWith(server: ServerProcess, connection: RawConnection, spare: number) {
  const received = connection.received().length
  await limitFiles(server.pid, limitLeaving(server.pid, spare))
  try {
    connection.write(`${head(`PUT /box/${spare}`, 'Content-Length: 5', 'Connection: close')}hello`)
    const text = (await connection.readToEnd()).slice(received)
    return { text, status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]) }
  } finally {
    connection.socket.destroy()
    await limitFiles(server.pid, 1024)
  }
}

/** What the limit must be to leave so many: it bounds the numbers of descriptors, and those in use have gaps. */
function limitLeaving(pid: number, spare: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let limit = 0
  for (let free = 0; free < spare || used.has(limit); limit++) free += used.has(limit) ? 0 : 1
  return limit
}

async function limitFiles(pid: number, count: number): Promise<void> {
  const { code, stderr } = await runCommand('prlimit', ['--pid', String(pid), `--nofile=${count}:`])
  assert.equal(code, 0, stderr)
}

describe('an upload that stalls', () => {
  for (const [kind, field] of Object.entries({
    'with a length': 'Content-Length: 6000',
    'in chunks': 'Transfer-Encoding: chunked',
  })) {
    it(`${kind} holds what it was granted until it ends with 408, and not a byte longer (SEC-03)`, async (test) => {
      const limits = { ...QUICK, bodyIdleSeconds: 0.5, growthStepBytes: 5995 }
      const server = await serverWith(test, { limitBytes: 10_000, limits })
      const connection = await rawConnection(test, server)

      connection.write(`${head('PUT /slow.bin', field)}5\r\nslow!\r\n`)
      await eventually(
        'the upload holds its room',
        async () => (await server.space()).availableBytes === 4000,
      )
      const meanwhile = await ask(server, 'PUT /other.bin', { body: randomBytes(4000) })
      const [answer] = await remainingAnswers(connection)

      assert.deepEqual([meanwhile.status, answer?.status], [201, 408])
      assert.deepEqual(await server.space(), { usedBytes: 4000, availableBytes: 6000 })
      assert.deepEqual(server.strays(), [])
    })
  }
})

describe('a huge Content-Length', () => {
  it('beyond the limit reserves nothing at all (SEC-05)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000, limits: QUICK })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /huge.bin', `Content-Length: ${2 ** 50}`))
    await connection.read(/^HTTP\/1\.1 507 /)
    const space = await server.space()
    const other = await ask(server, 'PUT /other.bin', { body: randomBytes(10_000) })

    assert.deepEqual(space, { usedBytes: 0, availableBytes: 10_000 })
    assert.equal(other.status, 201)
  })

  it('beyond what a file may have is 413 and reserves nothing either (SEC-05)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000, maxFileBytes: 5000, limits: QUICK })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /huge.bin', `Content-Length: ${2 ** 50}`))
    await connection.read(/^HTTP\/1\.1 413 /)

    assert.deepEqual(await server.space(), { usedBytes: 0, availableBytes: 10_000 })
  })

  it('within the limit reserves it for the idle timeout and no longer when no byte comes (SEC-05)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000, limits: { ...QUICK, bodyIdleSeconds: 0.5 } })
    const connection = await rawConnection(test, server)

    connection.write(head('PUT /huge.bin', 'Content-Length: 10000'))
    await eventually('all is reserved', async () => (await server.space()).availableBytes === 0)
    const meanwhile = await ask(server, 'PUT /other.bin', { body: 'x' })
    const [answer] = await remainingAnswers(connection)
    const afterwards = await ask(server, 'PUT /other.bin', { body: randomBytes(10_000) })

    assert.deepEqual([meanwhile.status, answer?.status, afterwards.status], [507, 408, 201])
  })
})

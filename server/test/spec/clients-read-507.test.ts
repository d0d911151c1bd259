import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { MIB } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { parseXml } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'

const BODY_BYTES = 50 * MIB
const PYTHON = '/usr/bin/python3'

interface Read {
  readonly status: number
  readonly text: string
}

describe('a client that sends 50 MiB without asking first reads the whole 507 (RFC 9112 §9.6)', () => {
  it('curl (HTTP-13)', { skip: missingTool('curl') }, async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    const file = join(temporaryFolder(test), 'body.bin')
    writeFileSync(file, new Uint8Array(BODY_BYTES))

    const output = await run('curl', [
      ...['--silent', '--show-error', '--http1.1', '--header', 'Expect:', '--write-out', '\n%{http_code}'],
      ...['--upload-file', file, `${server.url}/big.bin`],
    ])

    const cut = output.lastIndexOf('\n')
    await assertWhole(server, { status: Number(output.slice(cut + 1)), text: output.slice(0, cut) })
  })

  it('curl, sending in chunks (HTTP-13)', { skip: missingTool('curl') }, async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    const file = join(temporaryFolder(test), 'body.bin')
    writeFileSync(file, new Uint8Array(BODY_BYTES))

    const output = await run('curl', [
      ...['--silent', '--show-error', '--http1.1', '--header', 'Expect:', '--write-out', '\n%{http_code}'],
      ...['--header', 'Transfer-Encoding: chunked', '--upload-file', file, `${server.url}/big.bin`],
    ])

    const cut = output.lastIndexOf('\n')
    await assertWhole(server, { status: Number(output.slice(cut + 1)), text: output.slice(0, cut) })
  })

  it('fetch of Node, with a buffer and with a stream (HTTP-13)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    const piece = new Uint8Array(MIB)

    for (const body of [new Uint8Array(BODY_BYTES), ReadableStream.from(Array(50).fill(piece))]) {
      const response = await server.fetch('/big.bin', { method: 'PUT', body, duplex: 'half' })
      await assertWhole(server, { status: response.status, text: await response.text() })
    }
  })

  it('http of Node (HTTP-13)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    const outgoing = request({ host: server.host, port: server.port, method: 'PUT', path: '/big.bin' })
    outgoing.setHeader('Content-Length', BODY_BYTES)
    const answer = once(outgoing, 'response')

    outgoing.end(new Uint8Array(BODY_BYTES))
    const [incoming] = await answer
    const text = Buffer.concat(await incoming.toArray()).toString()

    await assertWhole(server, { status: incoming.statusCode, text })
  })

  it('http.client of Python (HTTP-13)', { skip: missingTool(PYTHON) }, async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })

    const output = await run(PYTHON, [
      '-c',
      `import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
connection.request('PUT', '/big.bin', bytes(${BODY_BYTES}))
answer = connection.getresponse()
print(answer.status, answer.read().decode(), sep='\\n', end='')`,
      server.host,
      String(server.port),
    ])

    await assertWhole(server, { status: Number(output.slice(0, 3)), text: output.slice(4) })
  })

  it('requests of Python (HTTP-13)', { skip: missingTool(PYTHON) }, async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })

    const output = await run(PYTHON, [
      '-c',
      `import requests, sys
answer = requests.put(sys.argv[1] + '/big.bin', data=bytes(${BODY_BYTES}))
print(answer.status_code, answer.content.decode(), sep='\\n', end='')`,
      server.url,
    ])

    await assertWhole(server, { status: Number(output.slice(0, 3)), text: output.slice(4) })
  })
})

async function assertWhole(server: TestServer, { status, text }: Read): Promise<void> {
  assert.equal(status, 507, text)
  const [condition, storage] = parseXml(text).children
  assert.equal(condition?.name, 'DAV:quota-not-exceeded')
  assert.equal(storage?.attributes.available, '1000')
  assert.deepEqual(server.strays(), [])
  assert.equal(server.countedBytes(), 0)
  assert.deepEqual(await server.space(), { usedBytes: 0, availableBytes: 1000 })
}

/** @returns what the program printed. @throws Error with its complaints unless it ends well */
async function run(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, complaints] = [child.stdout, child.stderr].map((stream) =>
    stream.setEncoding('utf8').toArray(),
  )
  const [code] = await once(child, 'close')
  assert.equal(code, 0, (await complaints)?.join(''))
  return ((await output) ?? []).join('')
}

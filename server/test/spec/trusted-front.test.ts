import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { basicAuthenticator } from '../../src/auth/basic.ts'
import { loadSettings } from '../../src/config/load.ts'
import { ask } from '../support/ask.ts'
import { requestEnded } from '../support/eventually.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { lock } from '../support/spawned.ts'

const LOOPBACK = [{ address: '127.0.0.1', prefixBits: 32 }]
const PUBLIC = { 'X-Forwarded-Host': 'files.example.org', 'X-Forwarded-Proto': 'https' }
const CHEAP = { memoryKiB: 8, passes: 1, lanes: 1 }

describe('a server behind a trusted front', () => {
  it('takes a Destination at the public address for its own (URI-17)', async (test) => {
    const server = await withFile(test)

    const move = (destination: string) => transfer(server, 'MOVE /a', destination, PUBLIC)
    const elsewhere = await move('https://other.example.org/b')
    const unsafe = await move('http://files.example.org/b')
    const inside = await move(`http://${server.host}:${server.port}/b`)
    const moved = await move('https://files.example.org:443/b')

    assert.deepEqual([elsewhere.status, unsafe.status, inside.status, moved.status], [502, 502, 502, 201])
    assert.match(unsafe.text, /another host than https:\/\/files\.example\.org/)
  })

  it('judges an If with the public address (RFC 4918 §10.4)', async (test) => {
    const server = await withFile(test)
    const token = await lock(server, '/a')
    const write = (url: string) =>
      ask(server, 'PUT /a', { body: 'x', headers: { ...PUBLIC, If: `<${url}> (<${token}>)` } })

    const other = await write('https://other.example.org/a')
    const right = await write('https://files.example.org/a')

    assert.deepEqual([other.status, right.status], [412, 204])
  })

  it('logs and throttles the client and not the front', async (test) => {
    const authenticate = await basicAuthenticator([{ name: 'alice', password: 'right' }], { cost: CHEAP })
    const server = await serverWith(test, { authenticate, trustProxy: LOOPBACK })
    const login = (from: string, password: string) =>
      ask(server, 'OPTIONS /', {
        headers: { 'X-Forwarded-For': from, Authorization: `Basic ${btoa(`alice:${password}`)}` },
      })

    for (let tries = 0; tries < 10; tries++) await login('1.1.1.1, 198.51.100.7', `wrong ${tries}`)
    const [attacker, liar, other] = [
      await login('198.51.100.7', 'right'),
      await login('198.51.100.99, 198.51.100.7', 'right'),
      await login('198.51.100.8', 'right'),
    ]

    assert.deepEqual([attacker.status, liar.status, other.status], [429, 429, 200])
    await requestEnded(server, 'OPTIONS /', 13)
    const addresses = server.log.requests.map(({ remoteAddress }) => remoteAddress)
    assert.deepEqual([...new Set(addresses)], ['198.51.100.7', '198.51.100.8'])
  })
})

describe('a server behind no trusted front', () => {
  it('believes nothing of what is said about others (URI-16)', async (test) => {
    const server = await withFile(test, { trustProxy: [{ address: '192.0.2.1', prefixBits: 32 }] })
    const lies = { ...PUBLIC, 'X-Forwarded-For': '198.51.100.7' }

    const there = await transfer(server, 'COPY /a', 'https://files.example.org/b', lies)
    const here = await transfer(server, 'COPY /a', `http://${server.host}:${server.port}/b`, lies)

    assert.deepEqual([there.status, here.status], [502, 201])
    await requestEnded(server, 'COPY /a', 2)
    assert.deepEqual(
      [...new Set(server.log.requests.map(({ remoteAddress }) => remoteAddress))],
      ['127.0.0.1'],
    )
  })
})

describe('--trust-proxy', () => {
  it('is read from flags, a variable with words, and a list in the file', async () => {
    const load = (given: { flag?: readonly string[]; variable?: string }) =>
      loadSettings({
        flags: { trustProxy: given.flag },
        environment: { PLIMSOLL_TRUST_PROXY: given.variable },
        workingDirectory: '/',
      }).then(({ settings }) => settings.trustProxy)
    const both = [
      { address: '10.0.0.0', prefixBits: 8 },
      { address: '2001:db8::1', prefixBits: 128 },
    ]

    assert.deepEqual(await load({ flag: ['10.0.0.0/8', '2001:db8::1'] }), both)
    assert.deepEqual(await load({ variable: '10.0.0.0/8, 2001:db8::1' }), both)
    assert.deepEqual(await load({}), [])
    await assert.rejects(load({ flag: ['all'] }), /--trust-proxy: expected an address .* not "all"/)
  })
})

async function withFile(test: TestContext, options = { trustProxy: LOOPBACK }): Promise<TestServer> {
  const server = await serverWith(test, options)
  await ask(server, 'PUT /a', { body: 'a' })
  return server
}

function transfer(server: TestServer, line: string, destination: string, headers: Record<string, string>) {
  return ask(server, line, { headers: { ...headers, Destination: destination } })
}

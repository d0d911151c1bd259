import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ServerOptions } from '../../src/server.ts'
import { type Address, type Answer, ask } from './ask.ts'
import { childrenOf, type Element, parseXml } from './multistatus.ts'
import { serverWith, type TestServer } from './server.ts'

export interface Spawned extends Address {
  /** All lines of its log so far, one JSON record each. */
  log(): string
  /** kill -9: no handler runs, nothing is finished. */
  kill(): Promise<void>
}

const SCRIPT = fileURLToPath(new URL('./serve-process.ts', import.meta.url))

/**
 * Starts `plimsoll serve FOLDER` in a process of its own whose clock is `secondsAhead` of ours, so that what ends
 * by time can be seen to have ended. It ends with the test at the latest.
 */
export async function spawnServer(
  test: TestContext,
  folder: string,
  { args = [], secondsAhead = 0 }: { args?: readonly string[]; secondsAhead?: number } = {},
): Promise<Spawned> {
  const clock = `const real = Date.now; Date.now = () => real() + ${secondsAhead * 1000}`
  const fixed = ['--host', '127.0.0.1', '--port', '0', '--no-auth', '--log-format', 'json']
  const child = spawn(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(clock)}`,
      SCRIPT,
      'serve',
      folder,
      ...fixed,
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
  )
  test.after(() => child.kill('SIGKILL'))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  const { promise, resolve, reject } = Promise.withResolvers<URL>()
  let banner = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    banner += text
    const [, url] = /^\s*address\s+(http:\S+)\s*$/m.exec(banner) ?? []
    if (url !== undefined) resolve(new URL(url))
  })
  child.once('close', (code) => reject(new Error(`the server ended with ${code}\n${banner}${log}`)))
  const { hostname: host, port } = await promise
  return {
    host,
    port: Number(port),
    log: () => log,
    async kill() {
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    },
  }
}

/** Ends a server in order and starts one on the same folder. */
export async function restarted(
  test: TestContext,
  server: TestServer,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  await server.running.close()
  // The hook of the test would close it once more.
  server.running.close = async () => {}
  return await serverWith(test, { folder: server.folder, ...options })
}

export interface LockWish {
  readonly scope?: 'exclusive' | 'shared'
  readonly depth?: string
  /** XML inside `DAV:owner`. */
  readonly owner?: string
  readonly headers?: OutgoingHttpHeaders
}

export function lockBody({ scope = 'exclusive', owner }: LockWish = {}): string {
  const holder = owner === undefined ? '' : `<D:owner>${owner}</D:owner>`
  return `<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:${scope}/></D:lockscope><D:locktype><D:write/></D:locktype>${holder}</D:lockinfo>`
}

export function askLock(server: Address, path: string, wish: LockWish = {}): Promise<Answer> {
  const depth = wish.depth === undefined ? {} : { Depth: wish.depth }
  return ask(server, `LOCK ${path}`, { headers: { ...depth, ...wish.headers }, body: lockBody(wish) })
}

/** Takes a lock. @returns its token, without the angle brackets */
export async function lock(server: Address, path: string, wish: LockWish = {}): Promise<string> {
  const answer = await askLock(server, path, wish)
  assert.ok([200, 201].includes(answer.status), `LOCK ${path}: ${answer.status} ${answer.text}`)
  return String(answer.headers['lock-token']).slice(1, -1)
}

export function unlock(server: Address, path: string, token: string): Promise<Answer> {
  return ask(server, `UNLOCK ${path}`, { headers: { 'Lock-Token': `<${token}>` } })
}

/** A COPY or MOVE: `transfer(server, 'COPY', '/a', '/b', { Depth: '0' })`. */
export function transfer(
  server: Address,
  method: 'COPY' | 'MOVE',
  from: string,
  to: string,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return ask(server, `${method} ${from}`, { headers: { Destination: to, ...headers } })
}

/** A PROPPATCH; `D` is the prefix of `DAV:` and `z` that of `urn:z`. */
export function update(
  server: Address,
  path: string,
  instructions: string,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  const body = `<D:propertyupdate xmlns:D="DAV:" xmlns:z="urn:z">${instructions}</D:propertyupdate>`
  return ask(server, `PROPPATCH ${path}`, {
    headers: { 'Content-Type': 'application/xml', ...headers },
    body,
  })
}

/** The instruction that sets a property: `setting('z:color', 'red')`. */
export function setting(name: string, value: string): string {
  return `<D:set><D:prop><${name}>${value}</${name}></D:prop></D:set>`
}

export function removing(name: string): string {
  return `<D:remove><D:prop><${name}/></D:prop></D:remove>`
}

/** What a 207 says of each property: `{ '{urn:z}color': '507 DAV:quota-not-exceeded' }`. */
export function verdicts(answer: Answer): Record<string, string> {
  return Object.fromEntries(
    responsesIn(answer)
      .flatMap((response) => childrenOf(response, 'DAV:propstat'))
      .flatMap((propstat) =>
        childrenOf(propstat, 'DAV:prop')
          .flatMap(({ children }) => children)
          .map(({ name }) => [name, verdictOf(propstat)]),
      ),
  )
}

/** What a 207 says of each member as a whole, by its URL. */
export function failures(answer: Answer): Record<string, string> {
  return Object.fromEntries(
    responsesIn(answer).map((response) => [
      childrenOf(response, 'DAV:href')[0]?.text ?? '',
      verdictOf(response),
    ]),
  )
}

function responsesIn(answer: Answer): readonly Element[] {
  assert.equal(answer.status, 207, answer.text)
  return childrenOf(parseXml(answer.text), 'DAV:response')
}

function verdictOf(element: Element): string {
  const status = childrenOf(element, 'DAV:status')[0]?.text.replace(/^HTTP\/1\.1 (\d+) .*$/, '$1')
  const condition = childrenOf(element, 'DAV:error')[0]?.children[0]?.name
  return [status, condition].filter((part) => part !== undefined).join(' ')
}

/** An element without its prefixes and declarations: two that say the same are equal. */
export function meaning({ name, attributes, text, children }: Element): unknown {
  const own = Object.entries(attributes).filter(([attribute]) => !attribute.startsWith('xmlns'))
  return [name, own, text, children.map(meaning)]
}

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { eventually } from '../../test/support/eventually.ts'
import { type Delivery, receiver } from '../../test/support/receiver.ts'
import { recordedLog } from '../../test/support/server.ts'
import { type AlertEvent, type Bounds, DEFAULT_BOUNDS, openWebhook } from './webhook.ts'

const KEY = Buffer.alloc(32, 7)
const SECRET = `whsec_${KEY.toString('base64')}`
const QUICK: Bounds = { ...DEFAULT_BOUNDS, firstDelayMs: 1, longestDelayMs: 2 }

function opened(test: TestContext, url: string, bounds: Partial<Bounds> = {}) {
  const log = recordedLog()
  const hook = openWebhook({ url, secret: SECRET }, log, { ...QUICK, ...bounds })
  test.after(() => hook.close())
  return { hook, log }
}

function event(number: number): AlertEvent {
  return { type: 'space.level', atMs: 1_700_000_000_000, data: { number } }
}

function numberIn({ body }: Delivery): number {
  return JSON.parse(body).data.number
}

function isSigned({ headers, body }: Delivery): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = createHmac('sha256', KEY).update(signed).digest('base64')
  return headers['webhook-signature'] === `v1,${expected}`
}

describe('a webhook', () => {
  it('sends type, time and data as JSON, signed (ALR-01)', async (test) => {
    const { url, deliveries, received } = await receiver(test)
    const { hook } = opened(test, `${url}/hook?token=x`)

    hook.send(event(1))
    await received(1)

    const [delivery] = deliveries
    assert.ok(delivery !== undefined && isSigned(delivery))
    assert.equal(delivery.path, '/hook?token=x')
    assert.equal(delivery.headers['content-type'], 'application/json')
    assert.deepEqual(JSON.parse(delivery.body), {
      type: 'space.level',
      timestamp: '2023-11-14T22:13:20.000Z',
      data: { number: 1 },
    })
  })

  it('repeats what was not taken, under the same id and signed anew, until it is (ALR-02)', async (test) => {
    const { url, deliveries, received } = await receiver(test, (response, index) => {
      if (index === 0) response.writeHead(500).end('no')
      else if (index === 1) response.destroy()
      else if (index === 2) response.writeHead(302, { Location: '/elsewhere' }).end()
      else response.writeHead(200).end('ok')
    })
    const { hook } = opened(test, url)

    hook.send(event(1))
    hook.send(event(2))
    await received(5)

    assert.deepEqual(deliveries.map(numberIn), [1, 1, 1, 1, 2])
    assert.ok(deliveries.every(isSigned))
    assert.ok(
      deliveries.every(({ path }) => path === '/'),
      'a redirect is not followed',
    )
    const ids = deliveries.map(({ headers }) => headers['webhook-id'])
    assert.deepEqual([new Set(ids.slice(0, 4)).size, new Set(ids).size], [1, 2])
  })

  it('gives an event up after ten tries, or when it is told that it is not wanted, and goes on (ALR-02)', async (test) => {
    const { url, deliveries, received } = await receiver(test, (response, index) => {
      response.writeHead(index < 10 ? 503 : index === 10 ? 410 : 204).end()
    })
    const { hook, log } = opened(test, url)

    for (const number of [1, 2, 3]) hook.send(event(number))
    await received(12)

    assert.deepEqual(deliveries.map(numberIn), [...Array(10).fill(1), 2, 3])
    const givenUp = log.messages.filter((message) => message.startsWith('the webhook is given up'))
    assert.match(givenUp.join(), /"attempt":10,"fault":"status 503".*"attempt":1,"fault":"status 410"/)
  })

  it('does not wait for ever for a receiver that says nothing (ALR-02)', async (test) => {
    const { url, deliveries, received } = await receiver(test, (response, index) => {
      if (index > 0) response.writeHead(204).end()
    })
    const { hook, log } = opened(test, url, { timeoutMs: 20 })

    hook.send(event(1))
    await received(2)

    assert.deepEqual(deliveries.map(numberIn), [1, 1])
    assert.match(log.messages.join(), /"fault":"TimeoutError"/)
  })

  it('keeps a bounded number of events and drops the oldest (ALR-03)', async (test) => {
    const held: (() => void)[] = []
    const { url, deliveries, received } = await receiver(test, (response, index) => {
      if (index === 0) held.push(() => response.writeHead(204).end())
      else response.writeHead(204).end()
    })
    const { hook, log } = opened(test, url, { waiting: 3 })
    hook.send(event(0))
    await received(1)

    for (let number = 1; number <= 1000; number++) hook.send(event(number))
    for (const release of held) release()
    await received(4)

    assert.deepEqual(deliveries.map(numberIn), [0, 998, 999, 1000])
    assert.equal(log.messages.filter((message) => message.includes('the oldest are dropped')).length, 1)
  })

  it('outlives a receiver that cannot be reached, and closes at once (ALR-03)', async (test) => {
    const closed = await unusedPort()
    const { hook, log } = opened(test, `http://127.0.0.1:${closed}/`, {
      firstDelayMs: 3_600_000,
      longestDelayMs: 3_600_000,
    })

    hook.send(event(1))
    hook.send(event(2))
    await eventually('the first try failed', () => log.messages.join().includes('ECONNREFUSED'))
    await hook.close()
    hook.send(event(3))

    assert.match(log.messages.at(-1) ?? '', /^events were not told to the webhook \{"left":2,"dropped":0\}/)
  })

  it('closes while a receiver keeps it waiting (ALR-03)', async (test) => {
    const { url, received } = await receiver(test, () => {})
    const { hook, log } = opened(test, url)
    hook.send(event(1))
    await received(1)

    await hook.close()

    assert.match(log.messages.join(), /not told to the webhook/)
  })

  it('puts neither its secret nor its URL into the log (ALR-04)', async (test) => {
    const { url, received } = await receiver(test, (response) => response.writeHead(500).end())
    const { hook, log } = opened(test, `${url}/path-token?query-token`, { tries: 2, waiting: 1 })
    const dead = opened(test, `http://127.0.0.1:${await unusedPort()}/path-token?query-token`, { tries: 2 })

    for (const number of [1, 2, 3]) hook.send(event(number))
    dead.hook.send(event(1))
    await received(4)
    await eventually('the event was given up', () => dead.log.messages.length === 2)
    await hook.close()

    const said = [...log.messages, ...dead.log.messages].join('\n')
    assert.ok(said.includes('given up'))
    assert.doesNotMatch(said, new RegExp(`token|whsec|${KEY.toString('base64')}`))
  })
})

async function unusedPort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return await promise
}

import { Agent, request } from 'node:http'
import { stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline'
import type { Job, Outcome } from './clients.ts'

// One of several client processes. It reads its jobs and says that it is ready. When it is told to, it begins those that
// hold; when it is told again, all others at once; then it says what became of each.

interface Orders {
  readonly host: string
  readonly port: number
  /** What each connection asks, one after the other. */
  readonly chains: readonly (readonly Job[])[]
}

const lines = createInterface({ input: stdin })[Symbol.asyncIterator]()
const orders = JSON.parse((await lines.next()).value ?? '') as Orders
stdout.write('ready\n')
const rest = Promise.withResolvers<void>()
await lines.next()
const holding = orders.chains.map((jobs) => (jobs[0]?.holds ? outcomesOf(jobs) : null))
await lines.next()
const running = orders.chains.map((jobs, index) => holding[index] ?? outcomesOf(jobs))
await Promise.all(running.filter((_, index) => holding[index] === null))
rest.resolve()
stdout.write(`${JSON.stringify(await Promise.all(running))}\n`, () => process.exit(0))

async function outcomesOf(jobs: readonly Job[]): Promise<readonly Outcome[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const outcomes: Outcome[] = []
  for (const job of jobs) outcomes.push(await outcomeOf(job, agent))
  return outcomes
}

function outcomeOf({ line, headers, chunked, holds, ...job }: Job, agent: Agent): Promise<Outcome> {
  const body = Buffer.from(job.body ?? 'x'.repeat(job.bytes ?? 0))
  const cut = line.indexOf(' ')
  const framing = chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': body.byteLength }
  const { host, port } = orders
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const outgoing = request({
    host,
    port,
    method: line.slice(0, cut),
    path: line.slice(cut + 1),
    headers: { ...framing, ...headers },
    agent,
  })
  outgoing.on('error', (error) => resolve({ status: 0, noRoom: false, text: String(error) }))
  outgoing.on('response', async (incoming) => {
    const text = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>)).toString()
    const { statusCode: status = 0 } = incoming
    resolve({ status, noRoom: status === 507 || text.includes('507 Insufficient Storage'), text })
  })
  if (holds) {
    outgoing.write(body)
    void rest.promise.then(() => outgoing.end())
  } else outgoing.end(body)
  return promise
}

import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../core/log.ts'
import { parseSecret, type SigningKey, signatureFields } from './signature.ts'

export interface WebhookOptions {
  /** http or https, without a name and password. It may hold a token, so it is not logged. */
  readonly url: string
  /** As the Standard Webhooks specification writes it. */
  readonly secret: string
}

/** What is sent, in the form of the specification. */
export interface AlertEvent {
  readonly type: string
  readonly atMs: number
  readonly data: Readonly<Record<string, unknown>>
}

export interface Webhook {
  /** Returns at once, whatever the receiver does. */
  send(event: AlertEvent): void
  /** Breaks off what is being sent and forgets the rest. */
  close(): Promise<void>
}

export interface Bounds {
  /** Events that wait. One more, and the oldest of them is dropped: the newest says how things are. */
  readonly waiting: number
  readonly tries: number
  /** Before the second try; doubles with each further one. */
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** For one try, from the first byte to the head of the answer. */
  readonly timeoutMs: number
}

// Ten tries spread over about a quarter of an hour: a receiver that restarts misses nothing.
export const DEFAULT_BOUNDS: Bounds = {
  waiting: 100,
  tries: 10,
  firstDelayMs: 2000,
  longestDelayMs: 300_000,
  timeoutMs: 10_000,
}

/**
 * Tells a receiver of events, one after the other, in their order. Each is tried until it is answered with 2xx, but
 * not for ever.
 * @throws StartError if the secret cannot be used
 */
export function openWebhook(options: WebhookOptions, log: Log, bounds: Bounds = DEFAULT_BOUNDS): Webhook {
  const line: Line = {
    url: options.url,
    key: parseSecret(options.secret),
    log,
    bounds,
    ending: new AbortController(),
  }
  const waiting: Message[] = []
  let dropped = 0
  let delivering: Promise<void> | null = null
  const deliverAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await deliver(line, next)
    delivering = null
  }
  return {
    send(event) {
      if (line.ending.signal.aborted) return
      if (waiting.length >= bounds.waiting) {
        waiting.shift()
        dropped += 1
        if (dropped === 1) log.warn('too many events wait for the webhook, the oldest are dropped')
      }
      waiting.push(messageOf(event))
      delivering ??= deliverAll()
    },
    async close() {
      const left = waiting.splice(0).length + (delivering === null ? 0 : 1)
      line.ending.abort()
      await delivering
      if (left + dropped > 0) log.warn('events were not told to the webhook', { left, dropped })
    },
  }
}

interface Line {
  readonly url: string
  readonly key: SigningKey
  readonly log: Log
  readonly bounds: Bounds
  readonly ending: AbortController
}

interface Message {
  readonly id: string
  readonly body: string
}

function messageOf({ type, atMs, data }: AlertEvent): Message {
  return {
    id: `msg_${randomUUID()}`,
    body: JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data }),
  }
}

/** Never fails. The same id with each try lets the receiver recognise what it has already. */
async function deliver({ ending, bounds, log, ...line }: Line, { id, body }: Message): Promise<void> {
  let delayMs = bounds.firstDelayMs
  for (let attempt = 1; ; attempt++) {
    const fault = await post({ ...line, timeoutMs: bounds.timeoutMs, ending }, { id, body })
    if (fault === null || ending.signal.aborted) return
    const isLast = attempt >= bounds.tries || fault === GONE
    if (isLast) return log.warn('the webhook is given up for one event', { id, attempt, fault })
    if (attempt === 1) log.warn('the webhook failed and is tried again', { id, fault })
    // Not all servers of an outage at the same moment.
    const spreadMs = delayMs * (0.5 + Math.random() / 2)
    await wait(spreadMs, undefined, { signal: ending.signal, ref: false }).catch(() => {})
    delayMs = Math.min(delayMs * 2, bounds.longestDelayMs)
  }
}

// RFC 9110 §15.5.11: the receiver wants no more of this.
const GONE = 'status 410'

interface Post extends Pick<Line, 'url' | 'key' | 'ending'> {
  readonly timeoutMs: number
}

/** @returns null, or why the receiver has not taken it */
async function post({ url, key, ending, timeoutMs }: Post, { id, body }: Message): Promise<string | null> {
  const atSeconds = Math.floor(Date.now() / 1000)
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signatureFields(key, { id, atSeconds, body }) },
      body,
      // A signed event is for the receiver that was named, and for no other.
      redirect: 'manual',
      signal: AbortSignal.any([ending.signal, AbortSignal.timeout(timeoutMs)]),
    })
    await answer.body?.cancel()
    return answer.ok ? null : `status ${answer.status}`
  } catch (error) {
    return faultOf(error)
  }
}

/** Without the message, which may name the URL. */
function faultOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null
  // Without a code it is a rule of fetch itself, such as "bad port".
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message
  return error instanceof Error ? error.name : 'unknown'
}

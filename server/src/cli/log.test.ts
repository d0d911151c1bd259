import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RefusalRecord, RequestRecord } from '../core/log.ts'
import { createLog, type LogFormat } from './log.ts'

const REQUEST: RequestRecord = {
  method: 'PUT',
  path: '/a.bin',
  status: 201,
  durationMs: 12.3456,
  user: 'alice',
  remoteAddress: '127.0.0.1',
  receivedBytes: 10,
  sentBytes: 0,
  userAgent: 'curl/8',
}

const REFUSAL: RefusalRecord = {
  user: null,
  method: 'PUT',
  path: '/big.bin',
  cause: 'collection-quota',
  needed: 6 * 1024 ** 2,
  available: 4 * 1024 ** 2,
  limit: 10 * 1024 ** 2,
  used: 6 * 1024 ** 2,
  inFlight: 0,
  root: '/',
}

describe('the log in JSON', () => {
  it('is one object a line with the fields of the record', () => {
    const { log, text } = logTo('json')

    log.request(REQUEST)
    log.refused(REFUSAL)
    log.warn('careful', { files: 3 })

    const [request, refusal, warning] = text().trimEnd().split('\n').map(parse)
    assert.ok(!Number.isNaN(Date.parse(String(request?.time))))
    assert.deepEqual(
      { ...request, time: null },
      { ...REQUEST, time: null, level: 'info', event: 'request', durationMs: 12.3 },
    )
    assert.deepEqual({ ...refusal, time: null }, { ...REFUSAL, time: null, level: 'warn', event: 'refused' })
    assert.deepEqual({ ...warning, time: null }, { time: null, level: 'warn', message: 'careful', files: 3 })
  })

  it('holds the exact path of the client and yet no raw control character', () => {
    const { log, text } = logTo('json')
    const path = '/\u0000\u001b[31m\u007f\u009b\u202e\u2028"\\é\nforged'

    log.request({ ...REQUEST, path })

    assert.equal(parse(text()).path, path)
    assert.equal(text().split('\n').length, 2)
    assert.ok(isPrintable(text().trimEnd()))
  })

  it('holds errors with their stack', () => {
    const { log, text } = logTo('json')

    log.error('failed', { error: new TypeError('boom') })

    const { error } = parse(text())
    assert.match(String((error as Record<string, unknown>).stack), /TypeError: boom\n/)
  })
})

describe('the log as text', () => {
  it('is a line for a request with time, method, path, status and milliseconds', () => {
    const { log, text } = logTo('text')

    log.request(REQUEST)
    log.request({ ...REQUEST, user: null, userAgent: undefined })

    const [first, second] = text().split('\n')
    assert.match(first ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ PUT \/a\.bin 201 12\.3 ms alice$/)
    assert.match(second ?? '', /Z PUT \/a\.bin 201 12\.3 ms$/)
  })

  it('is a line for a refusal with what was needed and what there was', () => {
    const { log, text } = logTo('text')

    log.refused(REFUSAL)
    log.refused({ user: 'bob', method: 'MKCOL', path: '/d', cause: 'inodes', needed: 1 })

    const [bytes, inodes] = text().split('\n')
    assert.match(
      bytes ?? '',
      /Z no room for PUT \/big\.bin: collection-quota of \/: needed 6 MiB, available 4 MiB, limit 10 MiB, used 6 MiB, in flight 0 B$/,
    )
    assert.match(inodes ?? '', /Z no room for MKCOL \/d by bob: inodes: needed 1$/)
  })

  it('tells exact bytes where rounding would hide what was missing', () => {
    const { log, text } = logTo('text')

    log.refused({ ...REFUSAL, needed: 1_974_273, available: 1_974_272 })

    assert.match(text(), /needed 1974273 B, available 1974272 B, limit \d+ B/)
  })

  it('shows control characters and turned writing as escapes, so that no client writes on the terminal', () => {
    const { log, text } = logTo('text')
    const hostile = '/\u001b[2J\u009b\u202e\r\n2026-01-01 forged'

    log.request({ ...REQUEST, path: hostile, method: 'P\u0007T', user: 'a\u001bb' })
    log.refused({ ...REFUSAL, path: hostile, root: hostile })
    log.info(`hello ${hostile}`, { name: hostile, nested: { name: hostile } })
    log.error('failed', { error: new Error(hostile) })

    for (const line of text().split('\n')) assert.ok(isPrintable(line), line)
    assert.match(text(), /P\\x07T \/\\x1b\[2J\\x9b\\u202e\\x0d\\x0a2026-01-01 forged 201/)
  })

  it('marks warnings and errors and shows fields and the stack', () => {
    const { log, text } = logTo('text')

    log.info('ready', { files: 3, name: 'x y' })
    log.warn('careful')
    log.error('failed', { error: new TypeError('boom') })

    assert.match(
      text(),
      /Z ready files=3 name=x y\n.*Z warning: careful\n.*Z error: failed\n {2}TypeError: boom\n {2} {4}at /,
    )
  })
})

describe('every log', () => {
  it('leaves out query strings and passwords in URLs, and shortens what is long', () => {
    for (const format of ['json', 'text'] as const) {
      const { log, text } = logTo(format)

      log.request({ ...REQUEST, path: '/a?token=secret' })
      log.request({ ...REQUEST, path: 'http://alice:secret@host/a', userAgent: 'x'.repeat(10_000) })
      log.refused({ ...REFUSAL, path: `/${'y'.repeat(10_000)}?token=secret` })

      assert.doesNotMatch(text(), /secret/)
      assert.match(text(), /http:\/\/host\/a/)
      assert.ok(text().length < 3000)
    }
  })

  it('can be silent', () => {
    const { log, text } = logTo('none')

    log.request(REQUEST)
    log.error('failed')

    assert.equal(text(), '')
  })
})

function logTo(format: LogFormat) {
  const written: string[] = []
  const log = createLog(format, { write: (line: string) => written.push(line) })
  return { log, text: () => written.join('') }
}

function parse(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>
}

function isPrintable(text: string): boolean {
  return !/[\p{Cc}\u2028-\u202e]/u.test(text)
}

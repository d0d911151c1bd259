import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Log, silentLog } from '../core/log.ts'
import { countingProgress } from './progress.ts'

describe('the progress of the first count', () => {
  it('shows nothing of a count that takes less than a second', () => {
    for (const isTerminal of [true, false]) {
      const { report, output } = progress(isTerminal)

      report(0, 10)
      report(999, 20)
      report(999, 20, true)

      assert.deepEqual(output, [])
    }
  })

  it('is one line on a terminal, drawn at most ten times a second and replaced by the result', () => {
    const { report, output } = progress(true)

    for (let now = 0; now < 2000; now += 10) report(now, now)
    report(2000, 12_345, true)

    assert.equal(output.length, 10 + 2)
    for (const frame of output.slice(0, 10)) {
      assert.ok(frame.startsWith('\r\u001b[K'))
      assert.match(frame.slice(4), /^Counting \[ *===== *\] [\d,]+ files, [\d.]+ [KM]iB$/)
    }
    assert.deepEqual(output.slice(10), ['\r\u001b[K', 'Counted 12,345 files, 12 MiB in 2 s\n'])
  })

  it('keeps the width of its bar while the block goes to and fro', () => {
    const { report, output } = progress(true)

    for (let now = 0; now < 10_000; now += 100) report(now, 1)

    const bars = output.map((frame) => /\[([ =]+)\]/.exec(frame)?.[1] ?? '')
    assert.deepEqual([...new Set(bars.map((text) => text.length))], [20])
    assert.equal(new Set(bars).size, 16)
  })

  it('is a line in the log after a second and then every ten elsewhere', () => {
    const { report, output } = progress(false)

    for (let now = 0; now <= 25_000; now += 500) report(now, now)
    report(25_100, 25_100, true)

    assert.deepEqual(
      output.map((line) => line.replace(/"bytes":\d+,?/, '')),
      [
        'counting the folder {"files":1000,}',
        'counting the folder {"files":11000,}',
        'counting the folder {"files":21000,}',
        'counted the folder {"files":25100,"seconds":25.1}',
      ],
    )
  })
})

function progress(isTerminal: boolean) {
  const output: string[] = []
  let now = 0
  const log: Log = {
    ...silentLog,
    info: (message, fields) => output.push(`${message} ${JSON.stringify(fields)}`),
  }
  const terminal = isTerminal ? { write: (text: string) => output.push(text) } : null
  const show = countingProgress({ terminal, log, now: () => now })
  function report(at: number, files: number, done = false): void {
    now = at
    show({ files, bytes: files * 1024, done })
  }
  return { report, output }
}

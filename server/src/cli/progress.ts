import { formatSize } from '../core/format-size.ts'
import type { Log } from '../core/log.ts'

export interface Counting {
  readonly files: number
  readonly bytes: number
  readonly done: boolean
}

export interface ProgressOutput {
  /** A terminal that a bar can be drawn on; null for lines in the log. */
  readonly terminal: { write(text: string): unknown } | null
  readonly log: Log
  /** Milliseconds that never go back. */
  readonly now: () => number
}

/**
 * Shows how far the first count of a folder is. Nothing is shown of a count that takes less than a second: a
 * bar that flashes by only unsettles. How much there is to count is not known, so the bar moves and fills never.
 */
export function countingProgress({ terminal, log, now }: ProgressOutput): (counting: Counting) => void {
  const startedAt = now()
  const everyMs = terminal === null ? LINE_EVERY_MS : FRAME_EVERY_MS
  let nextAt = startedAt + SILENT_MS
  let shown = false

  return (counting) => {
    const elapsedMs = now() - startedAt
    if (counting.done) {
      if (!shown) return
      const { files, bytes } = counting
      terminal?.write(CLEAR_LINE)
      const seconds = Math.round(elapsedMs / 100) / 10
      if (terminal === null) log.info('counted the folder', { files, bytes, seconds })
      else terminal.write(`Counted ${figures(counting)} in ${seconds} s\n`)
      return
    }
    if (startedAt + elapsedMs < nextAt) return
    nextAt = startedAt + elapsedMs + everyMs
    shown = true
    if (terminal === null) log.info('counting the folder', { files: counting.files, bytes: counting.bytes })
    else terminal.write(`${CLEAR_LINE}Counting ${bar(elapsedMs)} ${figures(counting)}`)
  }
}

const SILENT_MS = 1000
const FRAME_EVERY_MS = 100
const LINE_EVERY_MS = 10_000
const CLEAR_LINE = '\r\u001b[K'

function figures({ files, bytes }: Counting): string {
  return `${files.toLocaleString('en')} ${files === 1 ? 'file' : 'files'}, ${formatSize(bytes)}`
}

/** A block that goes to and fro, one step a frame. */
function bar(elapsedMs: number): string {
  const room = BAR_WIDTH - BLOCK.length
  const step = Math.floor(elapsedMs / FRAME_EVERY_MS) % (2 * room)
  const left = step <= room ? step : 2 * room - step
  return `[${' '.repeat(left)}${BLOCK}${' '.repeat(room - left)}]`
}

const BAR_WIDTH = 20
const BLOCK = '====='

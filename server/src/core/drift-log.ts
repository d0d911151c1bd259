import type { Drift } from './ledger.ts'
import type { Log } from './log.ts'
import type { ResourcePath } from './path.ts'

export interface DriftLog {
  /** Tells too, where there was no quiet moment for that in a while. */
  add(drift: Drift | null): void
  /** One line for all that was added since the last one; none where there was nothing. */
  tell(): void
}

const MOST_NAMED_FOLDERS = 20
const TELL_AFTER_MS = 10_000

/**
 * What others have changed, in as many lines as there are bursts of changes, not files.
 * @param now milliseconds on a clock that only goes forward
 */
export function driftLog(log: Log, now: () => number): DriftLog {
  const folders = new Set<ResourcePath>()
  let bytes = 0
  let entries = 0
  let sinceMs = 0
  const tell = (): void => {
    if (folders.size === 0) return
    log.info('the folder differs from the counters, which follow', {
      event: 'drift',
      bytes,
      entries,
      count: folders.size,
      folders: [...folders].slice(0, MOST_NAMED_FOLDERS),
    })
    folders.clear()
    bytes = 0
    entries = 0
  }
  return {
    tell,
    add(drift) {
      if (drift === null) return
      if (folders.size === 0) sinceMs = now()
      folders.add(drift.path)
      bytes += (drift.counted?.bytes ?? 0) - (drift.recorded?.bytes ?? 0)
      entries += (drift.counted?.entries ?? 0) - (drift.recorded?.entries ?? 0)
      if (now() - sinceMs >= TELL_AFTER_MS) tell()
    },
  }
}

import type { Deps } from './deps.ts'
import type { LevelWatch } from './level-watch.ts'
import { isWorse } from './levels.ts'
import { keepLeases } from './recover.ts'

/** @param atSeconds on a clock that only goes forward */
export type Maintain = (atSeconds: number) => Promise<void>

// What a claim may go without a sign of life where room is short: one round may be missed.
const SHORT_LEASE_SECONDS = 60
// Less is no step of a clock but a busy machine.
const STEP_SECONDS = 60

/**
 * What a server does beside its requests, at its start and every half minute: takes its ballast back, renews leases,
 * recovers what was abandoned, looks at the levels. Never fails: what could not be done is logged and tried again.
 */
export function maintenance(deps: Deps, watch: LevelWatch): Maintain {
  let running: Promise<void> | null = null
  const clock = steps(deps)
  const round = async (atSeconds: number): Promise<void> => {
    tidy(deps)
    const endedMs = endOfLeasesMs(deps, { stepSeconds: clock(atSeconds), isShort: isShort(watch) })
    await keepLeases(deps, endedMs).catch((error) =>
      deps.log.error('claims could not be looked after', { error }),
    )
    await watch
      .look(atSeconds)
      .catch((error) => deps.log.error('the levels could not be looked at', { error }))
  }
  return (atSeconds) => {
    running ??= round(atSeconds).finally(() => {
      running = null
    })
    return running
  }
}

function tidy({ state, log }: Deps): void {
  try {
    state.maintain()
    state.foldLog()
  } catch (error) {
    log.error('the state could not be tidied', { error })
  }
}

function isShort(watch: LevelWatch): boolean {
  return isWorse(watch.levelOf(null), 'near')
}

/**
 * Running requests renew their leases first, so this is about abandoned ones alone. After a step back every lease
 * ends too late by the length of the step; and where room is short nobody gets more than a minute.
 */
function endOfLeasesMs(
  deps: Deps,
  { stepSeconds, isShort }: { stepSeconds: number; isShort: boolean },
): number {
  const nowMs = deps.nowMs()
  if (stepSeconds < 0) return Number.MAX_SAFE_INTEGER
  return isShort ? nowMs + (deps.limits.leaseSeconds - SHORT_LEASE_SECONDS) * 1000 : nowMs
}

/** Compares the time of day with the clock that only goes forward, and says by how much it was set since. */
function steps({ nowMs, log }: Deps): (atSeconds: number) => number {
  let before: number | null = null
  return (atSeconds) => {
    const aheadSeconds = nowMs() / 1000 - atSeconds
    const stepSeconds = Math.round(aheadSeconds - (before ?? aheadSeconds))
    before = aheadSeconds
    if (Math.abs(stepSeconds) < STEP_SECONDS) return 0
    log.warn('the clock was set', { stepSeconds })
    return stepSeconds
  }
}

import type { Deps } from './core/deps.ts'
import { follower } from './core/follow.ts'
import { rounds } from './core/rounds.ts'
import type { OpenWatch } from './core/watch.ts'

/** What lets the counters follow other programs, beside the requests. */
export interface Others {
  /** Waits for the step that runs. */
  stop(): Promise<void>
}

/** Changes are told where the system can; slow rounds find what was never told, and everything where it cannot. */
export function followOthers(deps: Deps, open: OpenWatch): Others {
  const now = () => performance.now()
  const following = follower(deps, {
    open,
    now,
    wake: (inMs) => follow.wake(inMs),
    ended: () => round.wake(0),
  })
  const { roundSeconds, watchedRoundSeconds } = deps.limits
  const pauseSeconds = () => (following.isWatching() ? watchedRoundSeconds : roundSeconds)
  const follow = repeat(deps, following.step)
  const round = repeat(deps, rounds(deps, { now, pauseSeconds }).step)
  follow.wake(0)
  round.wake(0)
  return {
    async stop() {
      await Promise.all([follow.stop(), round.stop()])
      following.close()
    },
  }
}

interface Repeated {
  /** The next step comes in so many milliseconds, if not before. */
  wake(inMs: number): void
  stop(): Promise<void>
}

// A timer takes no more than this; then the step says again how long there is to wait.
const LONGEST_MS = 24 * 3600 * 1000
const AFTER_ERROR_MS = 60_000

/** Makes one step after the other, each as soon as the one before has asked for, or somebody wakes it after that. */
function repeat({ log }: Deps, step: () => Promise<number>): Repeated {
  let hasStopped = false
  let timer: NodeJS.Timeout | undefined
  let dueMs = Number.POSITIVE_INFINITY
  let running: Promise<void> | null = null
  const set = (): void => {
    clearTimeout(timer)
    if (hasStopped || dueMs === Number.POSITIVE_INFINITY) return
    timer = setTimeout(begin, Math.min(Math.max(0, dueMs - performance.now()), LONGEST_MS))
  }
  const begin = (): void => {
    dueMs = Number.POSITIVE_INFINITY
    running = step()
      .catch((error: unknown) => {
        log.error('changes by other programs are not followed', { error })
        return AFTER_ERROR_MS
      })
      .then((inMs) => {
        running = null
        dueMs = Math.min(dueMs, performance.now() + inMs)
        set()
      })
  }
  return {
    wake(inMs) {
      const wantedMs = performance.now() + inMs
      if (wantedMs >= dueMs) return
      dueMs = wantedMs
      if (running === null) set()
    },
    async stop() {
      hasStopped = true
      clearTimeout(timer)
      await running
    },
  }
}

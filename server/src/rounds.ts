import type { Maintain } from './core/maintenance.ts'

// How often leases are renewed, abandoned claims recovered and the ballast looked after.
const MAINTENANCE_MS = 30_000

export interface Rounds {
  /** Begins no further round and waits for the one that runs. */
  stop(): Promise<void>
}

/** The first round begins at once. */
export function startRounds(maintain: Maintain): Rounds {
  // Not the time of day: a clock that is set right would look like a burst of uploads.
  const round = () => maintain(performance.now() / 1000)
  let latest = round()
  const timer = setInterval(() => {
    latest = round()
  }, MAINTENANCE_MS)
  return {
    async stop() {
      clearInterval(timer)
      await latest
    },
  }
}

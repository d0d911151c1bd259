import type { Limits } from './limits.ts'
import type { Log } from './log.ts'
import type { StateStore } from './state.ts'
import type { ResourceStore } from './store.ts'

/** Everything an operation may reach. Handed to each one; nothing is imported behind its back. */
export interface Deps {
  readonly store: ResourceStore
  readonly state: StateStore
  readonly log: Log
  readonly limits: Limits
  /** The claims of requests that run in this process, by id. Nothing here outlives its request. */
  readonly running: Map<string, RunningClaim>
  /** Claims that have ended and stand in the state all the same, because it had no room to say so. */
  readonly unreleased: Set<string>
  readonly nowMs: () => number
  readonly newId: () => string
}

export interface RunningClaim {
  readonly user: string | null
  /** Bytes already on the disk: the operating system counts them, so they need no room any more. */
  writtenBytes: number
  /** Gives back what was claimed ahead and is not needed yet. @returns whether there was something */
  giveBack?: () => Promise<boolean>
}

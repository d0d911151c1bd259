import type { DavError } from './errors.ts'
import type { Limits } from './limits.ts'
import type { Log } from './log.ts'
import type { Totals } from './resource.ts'
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
  /** Claims of what was done and could not be settled, in the order in which it was done. */
  readonly unsettled: Set<string>
  /** Claims that are being ended at this moment, with what comes of that: nobody else begins to. */
  readonly ending: Map<string, Promise<DavError | null>>
  readonly nowMs: () => number
  readonly newId: () => string
}

export interface RunningClaim {
  readonly user: string | null
  /** Whether it is one of the uploads and copies of which only so many may run. */
  readonly takesSlot: boolean
  /** What is on the disk already: the operating system counts it, so it needs no room any more. */
  written: Totals
  /** How much of the next part is there too, while that is one large file that is copied. */
  copyingBytes?: () => number
  /** Gives back what was claimed ahead and is not needed yet. @returns whether there was something */
  giveBack?: () => Promise<boolean>
}

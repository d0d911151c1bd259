import type { Lifetime } from '../support/lifetime.ts'
import type { Random } from '../support/random.ts'

/** Something that is shown again and again, each time with other numbers. */
export interface Proof {
  /** A word, for `--only` and the report. */
  readonly name: string
  /** For the report: what a round does, and what it cannot see; a sentence or two each. */
  readonly does: string
  readonly cannotSee: string
  /** Why it cannot run on this machine, or false. */
  readonly skip: string | false
  /**
   * One round, which takes seconds. With the same seed it does the same, as far as clock and system allow.
   * @throws Error whose message says what was violated
   */
  round(round: Round): Promise<Tally>
}

export interface Round {
  readonly seed: number
  readonly random: Random
  /** What has to be cleaned up after the round. */
  readonly life: Lifetime
}

/** What a round has counted; what is left out is zero. */
export interface Tally {
  readonly operations?: number
  readonly faults?: number
  readonly kills?: number
  readonly powerCuts?: number
  /** Things that were acknowledged and found whole after a kill or a power cut. */
  readonly survivors?: number
  /** Of all of them together, how many of which kind: 'ENOSPC of pwrite64', 'kill -9 before rename'. */
  readonly kinds?: Readonly<Record<string, number>>
}

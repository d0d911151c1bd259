import { randomFrom } from '../support/random.ts'
import type { Proof } from './proof.ts'
import { newRecord, type ProofRecord } from './record.ts'
import { runRound } from './rounds.ts'

export interface Proving {
  readonly proofs: readonly Proof[]
  /** Of the first round of every proof; those of the others follow from it. */
  readonly seed: number
  readonly minutes: number
  readonly say: (line: string) => void
  /** In milliseconds; for the tests of this. */
  readonly now: () => number
  /** Whether somebody wants it to end with the round that runs. */
  readonly isAsked: () => boolean
}

/** Runs round after round of every proof in turn, each at least once. Violations are told, and counted. */
export async function prove({ proofs, seed, minutes, say, now, isAsked }: Proving): Promise<ProofRecord> {
  const record = newRecord(proofs, seed)
  const endsAt = now() + minutes * 60_000
  const isOver = (): boolean => isAsked() || now() >= endsAt
  const random = randomFrom(seed)
  let roundSeed = seed
  for (let turn = 0; turn === 0 || !isOver(); turn += 1, roundSeed = random.below(MOST_SEED)) {
    for (const proof of proofs) {
      if (turn > 0 && isOver()) break
      const beganAt = now()
      try {
        const tally = await runRound(proof, roundSeed)
        record.add(proof, tally, now() - beganAt)
        say(`${proof.name}, seed ${roundSeed}: ${JSON.stringify(tally)}`)
      } catch (error) {
        record.violated(proof, roundSeed, now() - beganAt)
        say(`VIOLATION by ${proof.name}, seed ${roundSeed}: ${told(error)}`)
        say(`again with: npm run prove -- --minutes 1 --only ${proof.name} --seed ${roundSeed}`)
      }
    }
  }
  return record
}

const MOST_SEED = 2 ** 31

/** With what it was caused by: a proof says first in which case it happened. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? String(error.stack) : `${error.message}\n${told(error.cause)}`
}

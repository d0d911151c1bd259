import type { Lifetime } from '../support/lifetime.ts'
import { randomFrom } from '../support/random.ts'
import type { Proof, Tally } from './proof.ts'

/** Runs one round and cleans up after it, whatever it came to. */
export async function runRound(proof: Proof, seed: number): Promise<Tally> {
  const hooks: (() => unknown)[] = []
  const life: Lifetime = { after: (hook) => void hooks.push(hook as () => unknown) }
  try {
    return await proof.round({ seed, random: randomFrom(seed), life })
  } finally {
    for (const hook of hooks.toReversed()) await hook()
  }
}

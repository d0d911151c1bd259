/** Numbers that come again with the same seed, so that a failure can be repeated. */
export interface Random {
  /** A whole number from 0 up to but not including `bound`. */
  below(bound: number): number
  pick<T>(choices: readonly T[]): T
  /** Another source that does not disturb this one: for something that runs beside it. */
  fork(): Random
}

/** The seed from the variable SEED, or a new one. */
export function seedOfRun(): number {
  const given = Number(process.env.SEED)
  return Number.isSafeInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31)
}

/** A linear congruential generator modulo 2^48, with the constants of POSIX drand48. */
export function randomFrom(seed: number): Random {
  let state = (BigInt(seed) << 16n) | 0x330en
  const below = (bound: number): number => {
    state = (state * 0x5deece66dn + 0xbn) % (1n << 48n)
    return Number((state >> 16n) % BigInt(bound))
  }
  return {
    below,
    pick(choices) {
      const choice = choices[below(choices.length)]
      if (choice === undefined) throw new Error('there is nothing to pick from')
      return choice
    },
    fork: () => randomFrom(below(2 ** 31)),
  }
}

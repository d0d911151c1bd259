import type { Deps } from './deps.ts'

/**
 * Asks for room, and asks again once running uploads have given back what they had claimed ahead and did not need
 * yet: nobody is refused for bytes that may never come. Whoever has given back claims nothing ahead any more, so
 * this ends.
 * @param shortOf the refusal in an answer; null if it was granted
 */
export async function askingForSpare<Answer>(
  deps: Deps,
  ask: () => Promise<Answer>,
  shortOf: (answer: Answer) => { readonly inFlight: number } | null,
): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    const short = shortOf(answer)
    if (short === null || short.inFlight === 0 || !(await giveBackSpare(deps))) return answer
  }
}

/** @returns whether anybody had something to give; on a disk too full to write that down nobody has */
async function giveBackSpare({ running }: Deps): Promise<boolean> {
  const given = await Promise.allSettled([...running.values()].map(({ giveBack }) => giveBack?.() ?? false))
  return given.some((outcome) => outcome.status === 'fulfilled' && outcome.value)
}

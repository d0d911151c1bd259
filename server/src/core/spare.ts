import type { Deps } from './deps.ts'
import { diskRoom } from './disk-room.ts'
import { isNoRoom } from './errors.ts'
import type { Grant, Refusal } from './ledger.ts'

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

export function refusalIn(answer: Grant | Refusal): Refusal | null {
  return 'refusedBy' in answer ? answer : null
}

/** @returns whether anybody had something to give; on a disk too full to write that down nobody has */
async function giveBackSpare({ running }: Deps): Promise<boolean> {
  const given = await Promise.allSettled([...running.values()].map(({ giveBack }) => giveBack?.() ?? false))
  return given.some((outcome) => outcome.status === 'fulfilled' && outcome.value)
}

/** A claim that grows with its content, some ahead of it, and gives that back when others need it. */
export interface ElasticClaim {
  /** Sees to it that the content may have `totalBytes`. @returns why it may not */
  cover(totalBytes: number): Promise<Refusal | null>
  /** Gives back what is too much, for good: from now on the claim is somebody else's to change. */
  fix(): Promise<void>
}

export function elasticClaim(deps: Deps, id: string, claimedBytes: number): ElasticClaim {
  let grantedBytes = claimedBytes
  let neededBytes = claimedBytes
  let stepBytes = deps.limits.growthStepBytes
  let isFixed = false
  // What is being asked for just now is known only after it, and what is being given back is there only after it.
  let asked: Promise<unknown> = Promise.resolve()
  let giving: Promise<boolean> | null = null
  const askFor = (atLeast: number, upTo: number): Promise<Grant | Refusal> => {
    const answer = deps.state.ledger.grow(id, { bytes: { atLeast, upTo }, diskRoom: diskRoom(deps) })
    const known = answer.then((granted) => {
      if ('grantedBytes' in granted) grantedBytes = granted.grantedBytes
      return granted
    })
    asked = known.catch(() => {})
    return known
  }
  const shrink = async (): Promise<boolean> => {
    await asked
    if (isFixed || grantedBytes <= neededBytes) return false
    grantedBytes = neededBytes
    stepBytes = 0
    await askFor(neededBytes, neededBytes)
    return true
  }
  const giveBack = (): Promise<boolean> => {
    giving ??= shrink().finally(() => {
      giving = null
    })
    return giving
  }
  const running = deps.running.get(id)
  if (running !== undefined) running.giveBack = giveBack
  return {
    async cover(totalBytes) {
      neededBytes = Math.max(neededBytes, totalBytes)
      if (totalBytes <= grantedBytes) return null
      const upTo = totalBytes + stepBytes
      stepBytes = Math.min(stepBytes * 2, deps.limits.growthStepMaxBytes)
      return refusalIn(await askingForSpare(deps, () => askFor(totalBytes, upTo), refusalIn))
    },
    async fix() {
      // Nobody may be refused for it while the intent is on its way, and nothing can be given back after it.
      await giveBack().catch(unlessNoRoom)
      isFixed = true
    },
  }
}

/** On a disk too full to write down that a claim became smaller it stays as it was. */
function unlessNoRoom(error: unknown): void {
  if (!isNoRoom(error)) throw error
}

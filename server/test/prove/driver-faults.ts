import { OPERATIONS } from '../fault/scenes.ts'
import { ALL_KINDS, sweep } from '../fault/sweep.ts'
import type { Proof } from './proof.ts'

const SWEEPS = 20
const MOST_RECOVERY_CALLS = 25

export const driverFaults: Proof = {
  name: 'drivers',
  does: `${SWEEPS} times an operation and a failure are drawn: ENOSPC, EDQUOT, EIO or EMFILE, before or after the call did its work, once or from then on. Each call that the operation makes to store, staged content, ledger, properties and locks fails in turn, in half of the sweeps a call of the recovery too. What was answered must be so at once and after a recovery: all of the new or all of the old, nothing staged, nothing reserved, counters equal to the folder.`,
  cannotSee: 'Failures inside a driver, between two system calls of one call.',
  skip: false,
  async round({ random, life }) {
    const kinds: Record<string, number> = {}
    let faults = 0
    for (let turn = 0; turn < SWEEPS; turn += 1) {
      const name = random.pick(Object.keys(OPERATIONS))
      const kind = random.pick(ALL_KINDS)
      const recoveryCall = random.below(2) === 0 ? null : 1 + random.below(MOST_RECOVERY_CALLS)
      const operation = OPERATIONS[name]
      if (operation === undefined) throw new Error(`there is no ${name}`)
      const swept = await sweep(life, operation, { ...kind, recoveryCall }).catch((error: unknown) => {
        throw new Error(`${name}, ${JSON.stringify({ ...kind, recoveryCall })}`, { cause: error })
      })
      faults += swept
      const title = `'${kind.code}' ${kind.when} a call of a driver${kind.lasting ? ' and every later one' : ''}`
      kinds[title] = (kinds[title] ?? 0) + swept
    }
    return { faults, operations: faults, kinds }
  },
}

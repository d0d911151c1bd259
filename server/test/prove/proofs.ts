import { driverFaults } from './driver-faults.ts'
import { kills } from './kill.ts'
import { powerCuts } from './power-cut.ts'
import type { Proof } from './proof.ts'

/** All proofs, in the order of a round. */
export const PROOFS: readonly Proof[] = [driverFaults, kills, powerCuts]

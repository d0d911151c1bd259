import { models } from '../model/proof.ts'
import { races } from '../race/proof.ts'
import { driverFaults } from './driver-faults.ts'
import { kills } from './kill.ts'
import { powerCuts } from './power-cut.ts'
import type { Proof } from './proof.ts'
import { killSteps } from './steps.ts'
import { systemFaults } from './system-faults.ts'

/** All proofs, in the order of a round. */
export const PROOFS: readonly Proof[] = [
  driverFaults,
  systemFaults,
  killSteps,
  kills,
  powerCuts,
  races,
  models,
]

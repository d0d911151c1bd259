import { ROOT } from '../../src/core/path.ts'
import type { Proof } from '../prove/proof.ts'
import { churnRace } from './churn.ts'
import { fillingRace, TEAM } from './filling.ts'

const REQUESTS_OF_A_FILLING = 64

export const races: Proof = {
  name: 'races',
  does: 'Eight client processes with 64 connections fight over the room of a collection in another one: PUT with a length and without, COPY, MOVE into it and PROPPATCH, of drawn sizes and with a byte of slack; then the same with DELETE and all in the way of each other. Ledger and folder are looked at all the time: no limit may be passed. Nothing may have been refused that fits at the end, nothing may stay claimed, and counters must equal the folder.',
  cannotSee: 'Several server processes: one owns its folder and state.',
  skip: false,
  async round({ random, life }) {
    const limits = random.pick([[ROOT], [TEAM], [ROOT, TEAM]])
    const sameSize = random.below(2) === 0
    await fillingRace(life, { random, sameSize, slackBytes: 1, holding: random.below(9), limits })
    const churned = await churnRace(life, random)
    const answers = Object.values(churned.statuses).reduce((sum, count) => sum + count, 0)
    return { operations: REQUESTS_OF_A_FILLING + answers }
  },
}

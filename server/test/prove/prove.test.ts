import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Proof, Round, Tally } from './proof.ts'
import { prove } from './prove.ts'

describe('the prover', () => {
  it('runs rounds of all proofs in turn until the time is over, each with another seed', async () => {
    const seen: string[] = []
    const one = proofOf('one', async ({ seed }) => note(seen, `one ${seed}`))
    const two = proofOf('two', async ({ seed }) => note(seen, `two ${seed}`))

    const { record } = await run([one, two], 2)

    const [first, , second] = seen.map((line) => line.replace(/^\w+ /, ''))
    assert.deepEqual(seen, [`one ${first}`, `two ${first}`, `one ${second}`, `two ${second}`])
    assert.equal(first, '5')
    assert.notEqual(second, first)
    assert.deepEqual([record.sum('faults'), record.violations()], [4, 0])
  })

  it('tells a violation with its seed and how to see it again, and goes on', async () => {
    const failing = proofOf('failing', async ({ seed }) => {
      if (seed === 5) throw new Error('in this case', { cause: new Error('half a file') })
      return { faults: 1 }
    })

    const { record, said } = await run([failing], 2)

    assert.deepEqual([record.sum('faults'), record.violations()], [1, 1])
    assert.match(said, /VIOLATION by failing, seed 5: in this case\n.*half a file/)
    assert.match(said, /npm run prove -- --minutes 1 --only failing --seed 5\n/)
  })

  it('cleans up after a round, the last thing first, also when it fails', async () => {
    const cleaned: number[] = []
    const failing = proofOf('failing', async ({ life }) => {
      for (const number of [1, 2]) life.after(() => void cleaned.push(number))
      throw new Error('no')
    })

    await run([failing], 1)

    assert.deepEqual(cleaned, [2, 1])
  })
})

function proofOf(name: string, round: (round: Round) => Promise<Tally>): Proof {
  return { name, does: '', cannotSee: '', skip: false, round }
}

function note(seen: string[], text: string): Tally {
  seen.push(text)
  return { faults: 1 }
}

/** So many turns of a minute each. */
async function run(proofs: readonly Proof[], turns: number) {
  let minute = 0
  let said = ''
  const ending = proofOf('clock', async () => {
    minute += 1
    return {}
  })
  const record = await prove({
    proofs: [...proofs, ending],
    seed: 5,
    minutes: turns,
    say: (line) => {
      said += `${line}\n`
    },
    now: () => minute * 60_000,
    isAsked: () => false,
  })
  return { record, said }
}

import { describe, it } from 'node:test'
import { OPERATIONS } from './scenes.ts'
import { ALL_KINDS, type FaultKind, sweep } from './sweep.ts'

const ONCE = ALL_KINDS.filter(({ lasting }) => !lasting)
const TWO: readonly FaultKind[] = [
  { code: 'disk-full', when: 'before', lasting: false },
  { code: 'io-error', when: 'after', lasting: false },
]

for (const [name, operation] of Object.entries(OPERATIONS)) {
  describe(`${name}, failing at each call of a driver in turn`, () => {
    for (const kind of ONCE) {
      it(`leaves the old state or the new one whole, as it was answered, and true counters: ${kind.code} ${kind.when} the call (STOR-01)`, async (test) => {
        const faults = await sweep(test, operation, kind)

        test.diagnostic(`${faults} faults`)
      })
    }

    it('succeeds when it is tried again, before any recovery, and the counters are true after one', async (test) => {
      for (const kind of TWO) await sweep(test, operation, kind, { retries: true })
    })

    it('is put right by the next start when the disk dies at any call and comes back', async (test) => {
      for (const when of ['before', 'after'] as const) {
        await sweep(test, operation, { code: 'io-error', when, lasting: true })
      }
    })
  })
}

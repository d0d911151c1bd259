import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'

// A lock that is never given back shall fail its case and not hang the run.
const TIMEOUT_MS = 60_000

/** A case that a driver cannot pass, by its exact name, and why. */
export interface SkippedCase {
  readonly name: string
  readonly reason: string
}

/** Makes a new, empty subject that ends with the test. */
export type Make<Subject, Options = never> = (
  test: TestContext,
  options?: Options,
) => Subject | Promise<Subject>

/** Registers one case. `subject` is new for it; `another` makes one more within the same test. */
export type Case<Subject, Options = never> = (
  name: string,
  run: (subject: Subject, another: (options?: Options) => Promise<Subject>) => Promise<void>,
) => void

export interface Cases<Subject, Options> {
  readonly it: Case<Subject, Options>
  /** @throws if a skip names no case: a renamed case must not stay skipped unseen. To be called last. */
  requireKnownSkips(): void
}

export function casesOf<Subject, Options>(
  make: Make<Subject, Options>,
  skips: readonly SkippedCase[],
): Cases<Subject, Options> {
  const known = new Set<string>()
  return {
    it(name, run) {
      known.add(name)
      const reason = skips.find((skip) => skip.name === name)?.reason
      const options = { timeout: TIMEOUT_MS, ...(reason === undefined ? {} : { skip: reason }) }
      it(name, options, async (test) => {
        const another = async (options?: Options): Promise<Subject> => make(test, options)
        await run(await another(), another)
      })
    },
    requireKnownSkips() {
      const unknown = skips.filter(({ name }) => !known.has(name))
      assert.deepEqual(unknown, [], 'these skips name no case')
    },
  }
}

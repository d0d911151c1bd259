import type { TestContext } from 'node:test'

/** What lasts as long as a test, or as a round of the prover, and is cleaned up after it. */
export type Lifetime = Pick<TestContext, 'after'>

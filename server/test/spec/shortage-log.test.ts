import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { serverWith } from '../support/server.ts'
import { setting, update } from '../support/spawned.ts'

describe('a 507 inside a 207', () => {
  it('is told to the operator like every other refusal for want of space', async (test) => {
    const server = await serverWith(test, { limitBytes: 100 })
    await ask(server, 'PUT /a', { body: 'x' })

    const answer = await update(server, '/a', setting('z:big', 'x'.repeat(200)))

    assert.equal(answer.status, 207)
    assert.deepEqual(
      server.log.refusals.map(({ method, path, cause }) => [method, path, cause]),
      [['PROPPATCH', '/a', 'properties']],
    )
  })
})

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { serverWith } from '../support/server.ts'

describe('static caps', () => {
  it('refuses the body of a PROPPATCH above 1 MiB with 413, and stores nothing (MX-22)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1_000_000 })
    await ask(server, 'PUT /a.txt', { body: 'hello' })
    const before = await server.space()
    const body = '<D:propertyupdate xmlns:D="DAV:"/>'.padEnd(1_048_577)

    const answer = await ask(server, 'PROPPATCH /a.txt', {
      headers: { 'Content-Type': 'application/xml' },
      body,
    })

    assert.equal(answer.status, 413)
    assert.match(answer.text, /<x:max-request-xml\/>/)
    assert.deepEqual(await server.space(), before)
  })

  it('refuses to copy a file above the largest size with 403, because no content came (MX-24)', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 1000 })
    writeFileSync(join(server.folder, 'big'), Buffer.alloc(1001))

    const answer = await ask(server, 'COPY /big', { headers: { Destination: '/copy' } })

    assert.equal(answer.status, 403)
    assert.match(answer.text, /<x:max-file-size limit="1000"\/>/)
    assert.equal((await ask(server, 'GET /copy')).status, 404)
  })
})

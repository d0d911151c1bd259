import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { head } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { KIB, randomBytes } from '../support/content.ts'
import { eventually } from '../support/eventually.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith } from '../support/server.ts'
import { upload } from '../support/upload.ts'

describe('room that an upload without a length has claimed ahead', () => {
  it('is given to whoever needs it, and what is there already is not (STOR-05, STOR-07)', async (test) => {
    const server = await serverWith(test, { limitBytes: 100 * KIB })
    const slow = await rawConnection(test, server)
    slow.write(
      `${head('PUT /slow', 'Transfer-Encoding: chunked', 'Connection: close')}400\r\n${'x'.repeat(KIB)}\r\n`,
    )
    await eventually('room is claimed', async () => (await server.space()).availableBytes < 100 * KIB)

    const asked = await ask(server, 'OPTIONS /fitting', {
      headers: { 'Plimsoll-Ask': 'PUT', 'X-Expected-Entity-Length': 99 * KIB },
    })
    const over = await upload(server, '/over', randomBytes(99 * KIB + 1))
    const fitting = await upload(server, '/fitting', randomBytes(99 * KIB))
    slow.write('0\r\n\r\n')
    const answer = await slow.readToEnd()

    assert.deepEqual([asked.status, over.status, fitting.status], [200, 507, 201])
    assert.match(answer, /^HTTP\/1\.1 201 /)
    assert.deepEqual(await server.space(), { usedBytes: 100 * KIB, availableBytes: 0 })
  })

  it('is not there any more for the upload itself once it was given away', async (test) => {
    const server = await serverWith(test, { limitBytes: 100 * KIB })
    const slow = await rawConnection(test, server)
    slow.write(
      `${head('PUT /slow', 'Transfer-Encoding: chunked', 'Connection: close')}400\r\n${'x'.repeat(KIB)}\r\n`,
    )
    await eventually('room is claimed', async () => (await server.space()).availableBytes < 100 * KIB)

    const fitting = await upload(server, '/fitting', randomBytes(99 * KIB))
    slow.write(`1\r\nx\r\n0\r\n\r\n`)
    const answer = await slow.readToEnd()

    assert.equal(fitting.status, 201)
    assert.match(answer, /^HTTP\/1\.1 507 /)
    assert.deepEqual(await server.space(), { usedBytes: 99 * KIB, availableBytes: KIB })
    assert.deepEqual(server.strays(), [])
  })
})

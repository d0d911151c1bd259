import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { head } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes } from '../support/content.ts'
import { eventually } from '../support/eventually.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith } from '../support/server.ts'
import { upload } from '../support/upload.ts'

// Synchronizing clients look at the space before they upload, and come back with what was refused, again and again.
const AGENT = { 'User-Agent': 'Mozilla/5.0 (Linux) mirall/5.2.1' }

describe('synchronizing clients', () => {
  it('see the space that is left to the byte after each change (SYN-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const to = (path: string) => ({ headers: { ...AGENT, Destination: server.url + path } })
    const left = async (): Promise<number> => (await server.space()).availableBytes

    const steps: [string, () => Promise<{ status: number }>, number][] = [
      ['PUT', () => ask(server, 'PUT /a.bin', { headers: AGENT, body: randomBytes(3000) }), 7000],
      ['a smaller PUT', () => ask(server, 'PUT /a.bin', { headers: AGENT, body: randomBytes(2000) }), 8000],
      ['COPY', () => ask(server, 'COPY /a.bin', to('/b.bin')), 6000],
      ['MOVE', () => ask(server, 'MOVE /b.bin', to('/c.bin')), 6000],
      ['MOVE over a file', () => ask(server, 'MOVE /c.bin', to('/a.bin')), 8000],
      ['a refused PUT', () => ask(server, 'PUT /d.bin', { headers: AGENT, body: randomBytes(8001) }), 8000],
      ['DELETE', () => ask(server, 'DELETE /a.bin', { headers: AGENT }), 10_000],
    ]
    for (const [what, change, expected] of steps) {
      const { status } = await change()
      assert.equal(await left(), expected, `after ${what}, ${status}`)
    }
  })

  it('never fit more than the space they were shown, and always fit that (SYN-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'PUT /a.bin', { headers: AGENT, body: randomBytes(1234) })
    const { availableBytes } = await server.space()

    const more = await ask(server, 'PUT /b.bin', { headers: AGENT, body: randomBytes(availableBytes + 1) })
    const all = await ask(server, 'PUT /b.bin', { headers: AGENT, body: randomBytes(availableBytes) })

    assert.deepEqual([more.status, all.status, (await server.space()).availableBytes], [507, 201, 0])
  })

  it('leave nothing behind when they try in vain, however often (SYN-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: MIB })
    await ask(server, 'PUT /a.bin', { headers: AGENT, body: randomBytes(512 * KIB) })

    for (let attempt = 0; attempt < 20; attempt++) {
      const refused = await upload(server, '/b.bin', randomBytes(700 * KIB), {
        declaredBytes: null,
        headers: AGENT,
      })
      assert.equal(refused.status, 507)
    }

    assert.deepEqual(server.strays(), [])
    assert.deepEqual(await server.space(), { usedBytes: 512 * KIB, availableBytes: 512 * KIB })
  })

  it('are charged for what they send while they send it, and no longer once they are gone (SYN-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: MIB })
    const piece = '10000\r\n'.concat('x'.repeat(64 * KIB), '\r\n')

    for (let attempt = 0; attempt < 20; attempt++) {
      const connection = await rawConnection(test, server)
      connection.write(head('PUT /b.bin', 'Transfer-Encoding: chunked'))
      connection.write(piece)
      await eventually('it is charged', async () => (await server.space()).availableBytes <= MIB - 64 * KIB)
      connection.socket.destroy()
      await eventually('it is forgotten', async () => (await server.space()).availableBytes === MIB)
    }

    assert.deepEqual(server.strays(), [])
    assert.equal(server.countedBytes(), 0)
  })
})

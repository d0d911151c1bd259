import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { KIB, MIB } from '../../support/content.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { refusalIn } from '../../support/refusal.ts'
import { behind, withoutFront } from './behind.ts'
import { curl, field } from './client.ts'
import { FRONTS, type Front } from './front.ts'

const GIB = 1024 * MIB
// What a client, the kernel and a front have in their hands before the refusal has come back.
const FEW_BYTES = 128 * MIB
const BROWSER = 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

for (const name of FRONTS) {
  describe(`1 GiB that does not fit, through ${name}`, { skip: withoutFront(name) }, () => {
    for (const [how, args] of [
      ['asks first', ['-H', 'Expect: 100-continue']],
      ['sends at once', ['-H', 'Expect:']],
      [
        'sends in chunks with the length as a hint',
        ['-H', 'Expect:', '-H', 'Transfer-Encoding: chunked', '-H', `X-Expected-Entity-Length: ${GIB}`],
      ],
    ] as const) {
      it(`is refused before it is sent where the client ${how} (STOR-01)`, async (test) => {
        const { server, front } = await behind(test, name)

        const refused = await curl(front, '/big.bin', ...args, '-T', sparseFile(test))

        assert.deepEqual([refused.status, refused.code], [507, 0], refused.stderr)
        assert.equal(refusalIn(refused.body).condition, 'D:quota-not-exceeded')
        assert.equal(refusalIn(refused.body).storage.needed, GIB)
        assert.ok(refused.uploadedBytes < FEW_BYTES, `${refused.uploadedBytes} bytes were sent`)
        assert.deepEqual([...front.buffered], [])
        assert.deepEqual([server.strays(), server.countedBytes()], [[], 0])
        assert.equal((await curl(front, '/small', '-T', import.meta.filename)).status, 201)
      })
    }

    it('is told as a page to a browser and as DAV:error to a program (STOR-03)', async (test) => {
      const pages = temporaryFolder(test)
      writeFileSync(join(pages, '507.html'), '<p>{{needed}} of {{limit}}</p>')
      const { front } = await behind(test, name, { errorPages: pages })
      const file = sparseFile(test)

      const page = await curl(front, '/big.bin', '-H', BROWSER, '-T', file)
      const error = await curl(front, '/big.bin', '-H', 'Accept: application/xml', '-T', file)

      assert.deepEqual([page.status, page.body], [507, '<p>1 GiB of 64 MiB</p>'])
      assert.equal(field(page, 'Content-Type'), 'text/html; charset=utf-8')
      assert.deepEqual([error.status, refusalIn(error.body).condition], [507, 'D:quota-not-exceeded'])
    })
  })
}

for (const name of ['nginx', 'apache'] as const) {
  it(`a client that looks for the answer only after 8 MiB still reads it through ${name}`, {
    skip: withoutFront(name),
  }, async (test) => {
    const { front } = await behind(test, name, { limitBytes: MIB })

    const received = await sendAllThenRead(front, 8 * MIB)

    assert.match(received, /^HTTP\/1\.1 507 /)
    assert.equal(refusalIn(received).condition, 'D:quota-not-exceeded')
  })
}

/** 1 GiB that takes no room on this disk. */
function sparseFile(test: TestContext): string {
  const file = join(temporaryFolder(test), 'big.bin')
  writeFileSync(file, '')
  truncateSync(file, GIB)
  return file
}

/** As Python's requests do: nothing is read before everything is written. */
async function sendAllThenRead({ port, caFile }: Front, bytes: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: readFileSync(caFile) })
  socket.on('error', reject)
  await once(socket, 'secureConnect')
  socket.write(`PUT /big HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: ${bytes}\r\n\r\n`)
  const piece = new Uint8Array(64 * KIB)
  for (let sent = 0; sent < bytes; sent += piece.byteLength) {
    await new Promise<void>((written) => socket.write(piece, () => written()))
  }
  let received = ''
  socket.setEncoding('utf8').on('data', (text) => {
    received += text
    if (received.includes('</D:error>')) resolve(received)
  })
  socket.on('end', () => resolve(received))
  return await promise.finally(() => socket.destroy())
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { KIB, MIB, randomBytes, sha256 } from '../../support/content.ts'
import { eventually } from '../../support/eventually.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { serverWith } from '../../support/server.ts'
import { cannotMount } from '../../support/tools.ts'
import { mountedVolume } from '../../support/volume.ts'
import { behind, withoutFront } from './behind.ts'
import { curl } from './client.ts'
import { FRONTS, type Front, type FrontName, startFront } from './front.ts'
import { replaced } from './plan.ts'

// Apache calls a server that it cannot reach unavailable.
const UPSTREAM_DOWN: Readonly<Record<FrontName, number>> = { nginx: 502, apache: 503, caddy: 502 }

for (const name of FRONTS) {
  describe(`${name} without the server behind it`, { skip: withoutFront(name) }, () => {
    it(`answers ${UPSTREAM_DOWN[name]}, and works again as soon as the server does`, async (test) => {
      const { server, front } = await behind(test, name)
      const file = fileOf(test, randomBytes(2 * MIB))
      await server.running.close()
      server.running.close = async () => {}

      const got = await curl(front, '/')
      const put = await curl(front, '/a', '-T', file)
      const again = await serverWith(test, { folder: server.folder, port: server.port })
      const after = await curl(front, '/a', '-T', file)

      assert.deepEqual(
        [got.status, put.status, after.status],
        [UPSTREAM_DOWN[name], UPSTREAM_DOWN[name], 201],
      )
      assert.equal(again.countedBytes(), 2 * MIB)
    })
  })

  describe(`an upload that breaks off within ${name}`, { skip: withoutFront(name) }, () => {
    for (const framing of [`Content-Length: ${8 * MIB}`, 'Transfer-Encoding: chunked']) {
      for (const who of ['the client', 'the front'] as const) {
        it(`leaves the old file whole where ${who} goes, with ${framing}`, async (test) => {
          const { server, front } = await behind(test, name)
          await curl(front, '/a', '-T', import.meta.filename)
          const client = await beginUpload(front, framing)
          await eventually('the server has some of it', () => server.strays().length > 0)

          if (who === 'the front') await front.cut()
          client.destroy()

          await eventually('it is undone', () => server.strays().length === 0)
          assert.equal(
            readFileSync(join(server.folder, 'a'), 'utf8'),
            readFileSync(import.meta.filename, 'utf8'),
          )
          const { usedBytes, availableBytes } = await server.space()
          assert.equal(usedBytes + availableBytes, 64 * MIB)
        })
      }
    }
  })
}

describe('a front whose own disk for bodies is full', {
  skip: withoutFront('nginx') || withoutFront('apache') || cannotMount(),
}, () => {
  const buffering: readonly (readonly [FrontName, (text: string) => string, number])[] = [
    [
      'nginx',
      (text) => replaced(text, [['proxy_request_buffering off;', 'proxy_request_buffering on;']]),
      500,
    ],
    [
      'apache',
      (text) =>
        replaced(text, [
          [' ping=60', ''],
          ['    ProxyPass /', '    SetEnv proxy-sendcl 1\n    ProxyPass /'],
        ]),
      500,
    ],
  ]
  for (const [name, edit, status] of buffering) {
    it(`is of no account for ${name} as deployed, and answers ${status} where it buffers`, async (test) => {
      const server = await serverWith(test, { limitBytes: 64 * MIB })
      const file = fileOf(test, randomBytes(4 * MIB))
      const wish = () => ({ upstreamPort: server.port, bufferDirectory: smallDisk(test) })
      const deployed = await startFront(test, name, wish())
      const buffers = await startFront(test, name, { ...wish(), edit })

      const chunked = ['-H', 'Expect:', '-H', 'Transfer-Encoding: chunked', '-T', file]
      const stored = await curl(deployed, '/a', ...chunked)
      const refused = await curl(buffers, '/b', ...chunked)

      assert.deepEqual([stored.status, refused.status], [201, status], buffers.log())
      assert.deepEqual([deployed.buffered.size, buffers.buffered.size > 0], [0, true])
      assert.equal(sha256(readFileSync(join(server.folder, 'a'))), sha256(readFileSync(file)))
      assert.deepEqual([server.countedBytes(), server.strays()], [4 * MIB, []])
    })
  }
})

/** A disk of 256 KiB that every user can reach. */
function smallDisk(test: TestContext): string {
  const at = mountedVolume(test, 'tmpfs', { sizeBytes: 256 * KIB })
  chmodSync(dirname(at), 0o755)
  return at
}

function fileOf(test: TestContext, bytes: Uint8Array): string {
  const file = join(temporaryFolder(test), 'upload.bin')
  writeFileSync(file, bytes)
  return file
}

/** Sends head and 1 MiB of a PUT to /a, and then nothing more. */
async function beginUpload({ port, caFile }: Front, framing: string) {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: readFileSync(caFile) })
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  socket.write(`PUT /a HTTP/1.1\r\nHost: localhost:${port}\r\n${framing}\r\n\r\n`)
  if (framing.endsWith('chunked')) socket.write(`${(8 * MIB).toString(16)}\r\n`)
  socket.write(randomBytes(MIB))
  return socket
}

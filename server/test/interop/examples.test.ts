import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { basicAuthenticator } from '../../src/auth/basic.ts'
import type { ServerOptions } from '../../src/server.ts'
import { ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { meterBefore } from '../support/meter.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { lock } from '../support/spawned.ts'
import { upload } from '../support/upload.ts'
import { EXAMPLE_CLIENTS } from './example-client.ts'

for (const client of EXAMPLE_CLIENTS) {
  describe(`the example for ${client.name}`, { skip: client.missing }, () => {
    it('is refused 10 MiB where 1 MiB is left: explained, exit code 7, one request, no byte of the body (MX-01, MX-03)', async (test) => {
      const server = await almostFull(test)
      const meter = await meterBefore(test, server)
      const file = fileOf(test, 10 * MIB)
      const before = await snapshotOf(server)

      const { code, stdout, stderr } = await client.upload(file, `${meter.url}/big.bin`)

      assert.equal(code, 7, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /^ {2}needed {5}10\.0 MiB \(10485760 bytes\)$/m)
      assert.match(stderr, /^ {2}available {2}1\.0 MiB \(1048576 bytes\)$/m)
      assert.match(stderr, /^ {2}limit {6}the quota of \/: 10\.0 MiB .*, used 9\.0 MiB \(9437184 bytes\)$/m)
      assert.match(stderr, /Nothing was changed\. Delete something there, or ask for a larger quota\./)
      assert.ok(meter.sentBytes() < 2 * KIB, `${meter.sentBytes()} bytes were sent`)
      assert.deepEqual(await snapshotOf(server), before)
      assert.deepEqual(await requestsFor(server, '/big.bin'), [`${client.asksBy} 507`])
    })

    it('stores 0.5 MiB there, shows its progress and says where it is', async (test) => {
      const server = await almostFull(test)
      const file = fileOf(test, MIB / 2)

      const { code, stdout, stderr } = await client.upload(file, `${server.url}/small.bin`)

      assert.equal(code, 0, stderr)
      assert.equal(stdout, `stored: ${server.url}/small.bin\n`)
      assert.match(stderr, /100(\.0)? ?%/)
      assert.deepEqual(readFileSync(join(server.folder, 'small.bin')), readFileSync(file))
    })

    it('gives a URL that ends with a slash the name of the file, whatever is in it', async (test) => {
      const server = await serverWith(test)
      const name = `100% {a,b} [1-3] #?&+ ü.bin`
      const file = join(temporaryFolder(test), name)
      writeFileSync(file, 'hello')

      const { code, stderr } = await client.upload(file, `${server.url}/`)

      assert.equal(code, 0, stderr)
      assert.equal(readFileSync(join(server.folder, name), 'utf8'), 'hello')
    })

    it('stores an empty file', async (test) => {
      const server = await serverWith(test)

      const { code, stderr } = await client.upload(fileOf(test, 0), `${server.url}/empty`)

      assert.equal(code, 0, stderr)
      assert.equal(readFileSync(join(server.folder, 'empty'), 'utf8'), '')
    })

    it('replaces nothing that it was not told to replace: exit code 5 (RFC 9110 §13.1.2)', async (test) => {
      const server = await serverWith(test)
      await ask(server, 'PUT /kept.bin', { body: 'kept' })
      const file = fileOf(test, MIB)

      const refused = await client.upload(file, `${server.url}/kept.bin`)
      const kept = readFileSync(join(server.folder, 'kept.bin'), 'utf8')
      const replaced = await client.upload(file, `${server.url}/kept.bin`, { overwrite: true })

      assert.deepEqual([refused.code, kept, replaced.code], [5, 'kept', 0], refused.stderr)
      assert.match(refused.stderr, /something has this name already, and --overwrite was not given/)
      assert.deepEqual(readFileSync(join(server.folder, 'kept.bin')), readFileSync(file))
    })

    interface Refusal {
      readonly options?: Partial<ServerOptions>
      readonly prepare?: (server: TestServer) => unknown
      readonly path?: string
      readonly overwrite?: boolean
      readonly code: number
      readonly sentence: RegExp
    }
    const refusals: Readonly<Record<string, Refusal>> = {
      'of the disk': {
        options: { keepFreeBytes: Number.MAX_SAFE_INTEGER },
        code: 7,
        sentence: /available {2}0 bytes\n {2}limit {6}the disk of the server\n.*Tell whoever runs the server/,
      },
      'of the largest file': {
        options: { maxFileBytes: 5000 },
        code: 6,
        sentence: /No file may be larger than 4\.9 KiB \(5000 bytes\)\./,
      },
      'of a lock': {
        prepare: async (server) => {
          await ask(server, 'PUT /a.bin', { body: 'locked' })
          await lock(server, '/a.bin')
        },
        overwrite: true,
        code: 8,
        sentence: /somebody has locked what is there/,
      },
      'of a missing folder': {
        path: '/no/parent.bin',
        code: 1,
        sentence: /the server answered 409\W.*The collection this would be put into does not exist\./s,
      },
    }
    for (const [title, { options, prepare, path = '/a.bin', overwrite, code, sentence }] of Object.entries(
      refusals,
    )) {
      it(`tells the refusal ${title} apart: exit code ${code}`, async (test) => {
        const server = await serverWith(test, options)
        await prepare?.(server)
        const before = await snapshotOf(server)
        const meter = await meterBefore(test, server)

        const ended = await client.upload(fileOf(test, MIB), meter.url + path, {
          overwrite: overwrite ?? false,
        })

        assert.equal(ended.code, code, ended.stderr)
        assert.match(ended.stderr, sentence)
        assert.ok(meter.sentBytes() < 2 * KIB, `${meter.sentBytes()} bytes were sent`)
        assert.deepEqual(await snapshotOf(server), before)
      })
    }

    it('logs in with any password, and tells a wrong one apart: exit code 4', async (test) => {
      const [name, password] = ['alice', 'se"c\\re:t ü$']
      const server = await serverWith(test, { authenticate: await basicAuthenticator([{ name, password }]) })
      const file = fileOf(test, MIB)

      const stored = await client.upload(file, `${server.url}/a.bin`, { user: name, password })
      const refused = await client.upload(file, `${server.url}/b.bin`, { user: name, password: 'other' })
      const stranger = await client.upload(file, `${server.url}/c.bin`)

      assert.deepEqual([stored.code, refused.code, stranger.code], [0, 4, 4], stored.stderr)
      assert.match(refused.stderr, /name or password is wrong, see WEBDAV_USER and WEBDAV_PASSWORD \(401\)/)
    })
  })
}

/** All of the server's log about a path. Ends the server: only then has everything been logged that happened. */
async function requestsFor(server: TestServer, path: string): Promise<readonly string[]> {
  await server.running.close()
  server.running.close = async () => {}
  return server.log.requests
    .filter((request) => request.path === path)
    .map(({ method, status }) => `${method} ${status}`)
}

/** 10 MiB, of which 1 MiB is left. */
async function almostFull(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 10 * MIB })
  await upload(server, '/filler.bin', new Uint8Array(9 * MIB))
  return server
}

function fileOf(test: TestContext, bytes: number): string {
  const file = join(temporaryFolder(test), 'upload.bin')
  writeFileSync(file, randomBytes(bytes))
  return file
}

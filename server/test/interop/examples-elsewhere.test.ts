import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { MIB, randomBytes, sha256 } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { missingTool } from '../support/tools.ts'
import { EXAMPLE_CLIENTS } from './example-client.ts'

const README = new URL('../../../examples/README.md', import.meta.url)

for (const client of EXAMPLE_CLIENTS) {
  describe(`the example for ${client.name}`, { skip: client.missing }, () => {
    it('ends with 2 where the command line is wrong, and says how', async (test) => {
      const file = fileOf(test)
      const commandLines: Readonly<Record<string, readonly string[]>> = {
        'no argument': [],
        'no URL': [file],
        'a missing file': [`${file}.missing`, 'http://127.0.0.1:9/'],
        'a folder': [join(file, '..'), 'http://127.0.0.1:9/'],
        'another scheme': [file, 'ftp://127.0.0.1/a'],
        'no scheme': [file, '127.0.0.1/a'],
        'no host': [file, 'http:///'],
        'no port': [file, 'http://127.0.0.1:99999/'],
      }

      for (const [title, args] of Object.entries(commandLines)) {
        const { code, stdout, stderr } = await client.run(...args)
        assert.deepEqual([code, stdout], [2, ''], `${title}: ${stderr}`)
        assert.match(stderr, /usage: upload/, title)
      }
    })

    it('ends with 3 where there is no connection, and where it breaks off', async (test) => {
      const closed = await fakeServer(test, () => {})
      closed.close()
      const broken = await fakeServer(test, (request) => request.once('data', () => request.destroy()))

      for (const { url } of [closed, broken]) {
        const { code, stderr } = await client.upload(fileOf(test), `${url}/a.bin`)
        assert.equal(code, 3, stderr)
        assert.match(stderr, /the connection failed before there was an answer/)
      }
    })

    it('shows how far it is while it sends', async (test) => {
      const shown = Promise.withResolvers<void>()
      const server = await fakeServer(test, async (request, response) => {
        const body = request.iterator()
        await body.next()
        await shown.promise
        while ((await body.next()).done !== true);
        response.writeHead(201).end()
      })
      const onStderr = (text: string): void => {
        if (/(?<![\d.])[1-9]\d?(\.\d)? ?%/.test(text)) shown.resolve()
      }

      const { code, stderr } = await client.upload(fileOf(test, 20 * MIB), `${server.url}/a.bin`, {
        onStderr,
      })

      assert.equal(code, 0, stderr)
      assert.match(stderr, /100(\.0)? ?%/)
    })

    it('goes on with a server that ignores Expect and does not know the question', async (test) => {
      const bodies: string[] = []
      const store = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
        bodies.push(sha256(await bodyOf(request)))
        response.writeHead(201).end()
      }
      const server = await fakeServer(test, store, { ignoresExpect: true })
      const file = fileOf(test)

      const { code, stderr } = await client.upload(file, `${server.url}/a.bin`)

      assert.equal(code, 0, stderr)
      assert.deepEqual(bodies, [sha256(readFileSync(file))])
    })

    for (const [condition, limit] of [
      ['<D:quota-not-exceeded/>', 'a quota'],
      ['<D:sufficient-disk-space/>', 'the disk of the server'],
      ['', 'the server does not say which'],
    ] as const) {
      it(`explains the 507 of another server, ${condition || 'without a condition'}, and never repeats it (RFC 4918 §11.5)`, async (test) => {
        const server = await fakeServer(test, async (request, response) => {
          await bodyOf(request)
          response.writeHead(507, { 'Content-Type': 'application/xml' })
          response.end(condition && `<D:error xmlns:D="DAV:">${condition}</D:error>`)
        })

        const { code, stderr } = await client.upload(fileOf(test), `${server.url}/a.bin`)

        assert.equal(code, 7, stderr)
        assert.ok(stderr.includes(`  limit      ${limit}\n`), stderr)
        assert.deepEqual(server.puts(), 1)
      })
    }

    it('does not let other users of the machine see the password', async (test) => {
      const secret = `secret-${process.pid}`
      const seen: string[] = []
      const server = await fakeServer(test, async (request, response) => {
        seen.push(...commandLinesWith(secret))
        await bodyOf(request)
        response.writeHead(201).end()
      })

      const ended = await client.upload(fileOf(test), `${server.url}/a.bin`, {
        user: 'alice',
        password: secret,
      })

      assert.equal(ended.code, 0, ended.stderr)
      assert.deepEqual([server.puts(), seen], [1, []])
      assert.equal(server.authorization(), `Basic ${btoa(`alice:${secret}`)}`)
    })

    it('stores on the WebDAV server of rclone', { skip: missingTool('rclone') }, async (test) => {
      const served = await rcloneServer(test)
      const file = fileOf(test)

      const { code, stderr } = await client.upload(file, `${served.url}a%20b.bin`)

      assert.equal(code, 0, stderr)
      assert.deepEqual(readFileSync(join(served.folder, 'a b.bin')), readFileSync(file))
    })
  })
}

describe('examples/README.md', () => {
  it('has one exit code for each status that is told apart', () => {
    const rows = [...readFileSync(README, 'utf8').matchAll(/^\| (\d) \| ([^|]+) \|/gm)]

    assert.deepEqual(
      rows.map(([, code, status]) => `${code} ${status}`),
      ['0 200, 201, 204', '1 any other', '2 –', '3 –', '4 401', '5 412', '6 413', '7 507', '8 423'],
    )
  })
})

/** A server that is not ours and answers OPTIONS plainly; PUT is up to `answer`. */
async function fakeServer(
  test: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  { ignoresExpect = false } = {},
) {
  let puts = 0
  let authorization: string | undefined
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    authorization = request.headers.authorization
    request.on('error', () => {})
    if (request.method === 'OPTIONS') return void response.writeHead(200, { DAV: '1' }).end()
    puts += 1
    void answer(request, response)
  }
  const server = createServer(serve).on('checkContinue', (request, response) => {
    if (!ignoresExpect) response.writeContinue()
    serve(request, response)
  })
  test.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    puts: () => puts,
    authorization: () => authorization,
    close: () => server.close(),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await request.toArray())
}

function commandLinesWith(text: string): readonly string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    try {
      const line = readFileSync(file, 'utf8')
      return line.includes(text) ? [line] : []
    } catch {
      return [] // It has ended meanwhile.
    }
  })
}

async function rcloneServer(test: TestContext): Promise<{ url: string; folder: string }> {
  const folder = temporaryFolder(test)
  const args = ['serve', 'webdav', folder, '--addr', '127.0.0.1:0', '--config', join(folder, '..', 'none')]
  const child = spawn('rclone', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  test.after(() => child.kill('SIGKILL'))
  let said = ''
  for await (const piece of child.stderr.setEncoding('utf8')) {
    said += piece
    const [, url] = /started on \[?(http:[^\s\]]+)/.exec(said) ?? []
    if (url !== undefined) return { url, folder }
  }
  throw new Error(`rclone did not start: ${said}`)
}

function fileOf(test: TestContext, bytes = 2 * MIB): string {
  const file = join(temporaryFolder(test), 'upload.bin')
  writeFileSync(file, randomBytes(bytes))
  return file
}

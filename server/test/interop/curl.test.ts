import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { type Ended, runCommand } from '../support/command.ts'
import { MIB, randomBytes, sha256 } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalIn } from '../support/refusal.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'

const QUOTA = 'D:quota-not-exceeded'
const FULL = { usedBytes: 6 * MIB, availableBytes: 4 * MIB }
const FIGURES = {
  cause: 'collection-quota',
  needed: 6 * MIB,
  available: 4 * MIB,
  limit: 10 * MIB,
  used: 6 * MIB,
  root: '/',
}

describe('curl against a limit of 10 MiB', { skip: missingTool('curl') }, () => {
  it('stores 6 MiB, and is told the condition and the figures for the next 6 MiB (MX-01)', async (test) => {
    const { server, file, body } = await served(test)

    const first = await curl('-T', file, `${server.url}/first.bin`)
    const second = await curl('-T', file, `${server.url}/second.bin`)

    assert.equal(first.status, 201)
    assert.deepEqual([second.status, refusalIn(second.body)], [507, { condition: QUOTA, storage: FIGURES }])
    assert.equal(sha256((await ask(server, 'GET /first.bin')).bytes), sha256(body))
    assert.equal((await ask(server, 'HEAD /second.bin')).status, 404)
    assert.deepEqual(await server.space(), FULL)
  })

  it('is never told to go on with what does not fit, and sends no byte of it (MX-03)', async (test) => {
    const { server, file } = await served(test)
    await curl('-T', file, `${server.url}/first.bin`)

    const fitting = await curl('-v', '-H', 'Expect: 100-continue', '-T', file, `${server.url}/first.bin`)
    const refused = await curl('-v', '-H', 'Expect: 100-continue', '-T', file, `${server.url}/second.bin`)

    assert.match(fitting.ended.stderr, /< HTTP\/1\.1 100 Continue/)
    assert.match(refused.ended.stderr, /> Expect: 100-continue/)
    assert.doesNotMatch(refused.ended.stderr, /100 Continue/)
    assert.deepEqual([refused.status, refused.uploadedBytes], [507, 0])
  })

  for (const how of ['from a pipe', 'with Transfer-Encoding'] as const) {
    it(`is cut at the line when it sends in chunks ${how}, and leaves nothing (MX-05)`, async (test) => {
      const { server, file } = await served(test)
      await curl('-T', file, `${server.url}/first.bin`)
      const url = `${server.url}/second.bin`

      const refused = await (how === 'from a pipe'
        ? curl('-T', '-', url, { from: file })
        : curl('-H', 'Transfer-Encoding: chunked', '-T', file, url))

      assert.deepEqual([refused.status, refusalIn(refused.body).condition], [507, QUOTA])
      assert.equal((await ask(server, 'HEAD /second.bin')).status, 404)
      assert.deepEqual(await server.space(), FULL)
      assert.equal(server.countedBytes(), 6 * MIB)
      assert.deepEqual(server.strays(), [])
    })
  }

  it('replaces the first file by another of 6 MiB (STOR-06)', async (test) => {
    const { server, file } = await served(test)
    await curl('-T', file, `${server.url}/first.bin`)
    const other = randomBytes(6 * MIB)
    writeFileSync(file, other)

    const replaced = await curl('-T', file, `${server.url}/first.bin`)

    assert.equal(replaced.status, 204)
    assert.equal(sha256((await ask(server, 'GET /first.bin')).bytes), sha256(other))
    assert.deepEqual(await server.space(), FULL)
  })

  it('reads the whole refusal while it still sends 50 MiB (HTTP-13)', async (test) => {
    const { server, file } = await served(test)
    writeFileSync(file, randomBytes(50 * MIB))

    const refused = await curl('-H', 'Expect:', '-T', file, `${server.url}/big.bin`)

    assert.deepEqual([refused.status, refusalIn(refused.body).condition], [507, QUOTA])
    assert.equal(refused.ended.code, 0, refused.ended.stderr)
  })

  it('gets a page in the words of people where it says it is a browser', async (test) => {
    const { server, file } = await served(test)
    await curl('-T', file, `${server.url}/first.bin`)

    const accept = 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
    const refused = await curl('-H', accept, '-T', file, `${server.url}/second.bin`)

    assert.equal(refused.status, 507)
    assert.match(refused.body, /<h1>Not enough space<\/h1>/)
    assert.match(refused.body, /It needs 6 MiB; 4 MiB are left/)
  })
})

async function served(test: TestContext): Promise<{ server: TestServer; file: string; body: Uint8Array }> {
  const server = await serverWith(test, { limitBytes: 10 * MIB })
  const file = join(temporaryFolder(test), 'upload.bin')
  const body = randomBytes(6 * MIB)
  writeFileSync(file, body)
  return { server, file, body }
}

interface Answered {
  readonly status: number
  readonly body: string
  readonly uploadedBytes: number
  readonly ended: Ended
}

/** `from` is a file that comes in through a pipe. */
async function curl(...args: readonly (string | { readonly from: string })[]): Promise<Answered> {
  const words = args.filter((arg) => typeof arg === 'string')
  const from = args.find((arg) => typeof arg === 'object')?.from
  const all = ['-sS', '--max-time', '60', '-w', '\n%{http_code} %{size_upload}', ...words]
  const ended = await (from === undefined
    ? runCommand('curl', all)
    : runCommand('sh', ['-c', 'file=$1; shift; cat "$file" | curl "$@"', 'sh', from, ...all]))
  const cut = ended.stdout.lastIndexOf('\n')
  const [status, uploadedBytes] = ended.stdout
    .slice(cut + 1)
    .split(' ')
    .map(Number)
  return { status: status ?? 0, body: ended.stdout.slice(0, cut), uploadedBytes: uploadedBytes ?? -1, ended }
}

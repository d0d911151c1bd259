import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from '../../support/ask.ts'
import { requestEnded } from '../../support/eventually.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { lock } from '../../support/spawned.ts'
import { missingTool } from '../../support/tools.ts'
import { run, succeed } from '../program.ts'
import { checksumsOf, differences, makeTree } from '../tree.ts'
import { behind, withoutFront } from './behind.ts'
import { curl } from './client.ts'
import { FRONTS } from './front.ts'

for (const name of FRONTS) {
  describe(`WebDAV through ${name} over TLS`, { skip: withoutFront(name) }, () => {
    it('passes every suite of litmus', { skip: missingTool('litmus') }, async (test) => {
      const { front } = await behind(test, name)

      const { stdout, stderr } = await run('litmus', [`${front.url}/`], { cwd: temporaryFolder(test) })

      const summaries = [
        ...stdout.matchAll(/summary for `(\w+)': of (\d+) tests run: (\d+) passed, (\d+) failed/g),
      ]
      assert.deepEqual(
        summaries.map(([, suite, , , failed]) => [suite, failed]),
        ['basic', 'copymove', 'props', 'locks', 'http'].map((suite) => [suite, '0']),
        stdout + stderr,
      )
      assert.ok(summaries.every(([, , count, passed]) => Number(count) > 0 && count === passed))
      // Litmus leaves this one out itself wherever there is TLS; refusals.test.ts has it.
      const skipped = [...stdout.matchAll(/(\w+)\.* SKIPPED \((.*)\)/g)].map(
        ([, what, why]) => `${what}: ${why}`,
      )
      assert.deepEqual(skipped, ['expect100: skipping for SSL server'])
      const warnings = stdout.split('\n').filter((line) => line.includes('WARNING'))
      assert.deepEqual(
        warnings.filter((line) => !line.includes('PUT failed with 423 not 412')),
        [],
      )
    })

    it('carries a tree with odd names there and back by rclone', {
      skip: missingTool('rclone'),
    }, async (test) => {
      const { server, front } = await behind(test, name)
      const [local, back, home] = [temporaryFolder(test), temporaryFolder(test), temporaryFolder(test)]
      makeTree(local, { files: 40, folders: 4 })
      const env = {
        HOME: home,
        RCLONE_CONFIG: join(home, 'none.conf'),
        RCLONE_CONFIG_DAV_TYPE: 'webdav',
        RCLONE_CONFIG_DAV_VENDOR: 'other',
        RCLONE_CONFIG_DAV_URL: `${front.url}/`,
      }
      const rclone = (...args: readonly string[]) =>
        succeed('rclone', ['--ca-cert', front.caFile, ...args], { env })

      await rclone('copy', local, 'dav:tree')
      await rclone('moveto', 'dav:tree/folder 0', 'dav:tree/moved #?%')
      await rclone('moveto', 'dav:tree/moved #?%', 'dav:tree/folder 0')
      await rclone('copy', 'dav:tree', back)

      assert.deepEqual(differences(checksumsOf(back), checksumsOf(local)), [])
      assert.deepEqual(differences(checksumsOf(join(server.folder, 'tree')), checksumsOf(local)), [])
    })

    it('takes a Destination and an If at the public address, and none elsewhere (URI-16, URI-17)', async (test) => {
      const { server, front } = await behind(test, name, { basePath: '/dav' })
      await curl(front, '/dav/a', '-T', import.meta.filename)
      const token = await lock(server, '/dav/a')
      const move = (destination: string) =>
        curl(
          front,
          '/dav/a',
          '-X',
          'MOVE',
          '-H',
          `Destination: ${destination}`,
          '-H',
          `If: <${front.url}/dav/a> (<${token}>)`,
        )

      const elsewhere = await move('https://files.example.org/dav/b')
      const unsafe = await move(`http://localhost:${front.port}/dav/b`)
      const moved = await move(`${front.url}/dav/b`)

      assert.deepEqual([elsewhere.status, unsafe.status, moved.status], [502, 502, 201])
    })

    it('lets a client say nothing about its address, its host or its scheme that is believed', async (test) => {
      const { server, front } = await behind(test, name)
      // Another address than that of the front, which is trusted.
      const stranger = ['--interface', '127.0.0.2']
      const lies = ['For: 198.51.100.7', 'Host: files.example.org', 'Proto: http'].flatMap((lie) => [
        '-H',
        `X-Forwarded-${lie}`,
      ])
      const copyTo = (destination: string) =>
        curl(front, '/a', ...stranger, ...lies, '-X', 'COPY', '-H', `Destination: ${destination}`)

      await curl(front, '/a', ...stranger, ...lies, '-T', import.meta.filename)
      const [there, here] = [await copyTo('https://files.example.org/b'), await copyTo(`${front.url}/b`)]

      await requestEnded(server, 'PUT /a')
      const [stored] = server.log.requests.filter(({ method }) => method === 'PUT')
      assert.equal(stored?.remoteAddress, '127.0.0.2')
      assert.deepEqual([there.status, here.status], [502, 201])
    })

    it('stores an empty file and replaces it by one in chunks', async (test) => {
      const { server, front } = await behind(test, name)

      const empty = await curl(front, '/a', '-T', '/dev/null')
      const chunked = await curl(front, '/a', '-H', 'Transfer-Encoding: chunked', '-T', import.meta.filename)

      assert.deepEqual([empty.status, chunked.status], [201, 204])
      assert.equal(readFileSync(join(server.folder, 'a'), 'utf8'), readFileSync(import.meta.filename, 'utf8'))
    })

    if (name === 'caddy') return // does it by itself, on a port that cannot be chosen
    it('sends whoever comes without TLS to the address with it (WIN-09)', async (test) => {
      const { front } = await behind(test, name)

      const { status, headers } = await ask(
        { host: '127.0.0.1', port: front.plainPort },
        'PROPFIND /a%20b/',
        {
          headers: { Host: 'localhost' },
        },
      )

      assert.deepEqual([status, headers.location], [308, 'https://localhost/a%20b/'])
    })
  })
}

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverProcess } from '../support/process.ts'
import { serverWith } from '../support/server.ts'

const cannotUnshare =
  spawnSync('unshare', ['--user', '--map-root-user', 'true']).status !== 0 && 'no user namespaces here'

describe('where the system watches no more folders', { skip: cannotUnshare }, () => {
  for (const [limit, value, reason] of [
    ['max_inotify_watches', '3', /max_user_watches/],
    ['max_inotify_instances', '0', /max_user_instances/],
  ] as const) {
    it(`says so once and serves on, with ${limit} at ${value} (OTH-03)`, async (test) => {
      const folder = temporaryFolder(test)
      for (const name of ['a/b/c', 'd']) mkdirSync(join(folder, name), { recursive: true })
      const script = `echo ${value} > /proc/sys/user/${limit} && exec "$0" "$@"`
      const within = ['unshare', '--user', '--map-root-user', 'sh', '-c', script]

      const server = await serverProcess(test, folder, ['--watch', 'auto'], {}, within)
      await eventually('it is said', () => server.log().includes('in rounds'), { seconds: 60 })
      const stored = await fetch(`${server.url}/f`, { method: 'PUT', body: 'x' })
      const lines = server
        .log()
        .split('\n')
        .filter((line) => line.includes('in rounds'))

      assert.equal(stored.status, 201)
      assert.equal(lines.length, 1)
      assert.match(lines[0] ?? '', reason)
      assert.doesNotMatch(server.log(), /disk|"level":"error"/)
      assert.equal(await server.stop(), 0)
    })
  }
})

describe('rounds over the whole folder', () => {
  it('find what nobody tells, where there are more folders than are watched (OTH-03)', async (test) => {
    const limits = { watchedFolders: 2, roundSeconds: 0.2 }
    const server = await serverWith(test, { watch: 'auto', limits })
    for (const path of ['/a', '/a/b', '/gone', '/gone/c']) await ask(server, `MKCOL ${path}`)
    for (const path of ['/a/b/f', '/gone/c/f']) await ask(server, `PUT ${path}`, { body: 'x'.repeat(100) })
    await ask(server, 'PROPPATCH /gone/c/f', { body: PATCH })
    const before = await server.space()
    await eventually('it watches no more', () =>
      server.log.messages.some((line) => line.includes('in rounds')),
    )

    writeFileSync(join(server.folder, 'a', 'b', 'g'), 'x'.repeat(1000))
    rmSync(join(server.folder, 'gone'), { recursive: true })
    await eventually('the counters follow', async () => (await server.space()).usedBytes === 1100, {
      seconds: 60,
    })
    writeFileSync(join(server.folder, 'a', 'b', 'h'), 'x')
    await eventually('they follow again', async () => (await server.space()).usedBytes === 1101, {
      seconds: 60,
    })

    assert.ok(before.usedBytes > 200)
  })
})

const PATCH =
  '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><Z:n xmlns:Z="urn:z">note</Z:n></D:prop></D:set></D:propertyupdate>'

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { plimsoll, scene } from '../support/operator.ts'
import { serverProcess } from '../support/process.ts'
import { transfer } from '../support/spawned.ts'

describe('plimsoll space', () => {
  it('sets limits that the next request meets, and takes them away again', async (test) => {
    const { folder, server } = await scene(test)
    const put = async () => (await ask(server, 'PUT /team/c', { body: 'x'.repeat(100) })).status

    const set = await plimsoll('space', 'set', '/team', folder, '--limit', '3050')
    const refused = await put()
    const raised = await plimsoll('space', 'set', '/team/', folder, '--limit', '4KiB', '--entries', '3')
    const stored = await put()
    const removed = await plimsoll('space', 'remove', '/team', folder)
    const shown = await plimsoll('space', 'show', '/team', folder)

    assert.deepEqual([set.code, raised.code, removed.code, shown.code], [0, 0, 0, 1])
    assert.deepEqual([refused, stored], [507, 201])
    assert.match(
      raised.stdout,
      /^\/team\n {2}limits +limit=4 KiB, entries=3\n {2}files +2\.92 KiB \(3000 bytes\) in 2 files and folders\n/,
    )
    assert.match(shown.stderr, /\/team has no limits of its own\nplimsoll space list shows/)
  })

  it('shows what is left, of bytes and of files, and no byte where there may be no more files', async (test) => {
    const { folder } = await scene(test)

    const some = await plimsoll('space', 'set', '/team', folder, '--limit', '4000', '--entries', '3')
    const none = await plimsoll('space', 'set', '/team', folder, '--entries', '2')

    assert.match(some.stdout, /^ {2}left +1000 B and 1 files and folders, level normal$/m)
    assert.match(none.stdout, /^ {2}left +0 B and 0 files and folders, level full$/m)
  })

  it('follows a folder that moves, and ends with it', async (test) => {
    const { folder, server } = await scene(test)
    await plimsoll('space', 'set', '/team', folder, '--limit', '3050')

    await transfer(server, 'MOVE', '/team', '/crew')
    const moved = await plimsoll('space', 'list', folder)
    await ask(server, 'DELETE /crew')
    const deleted = await plimsoll('space', 'list', folder)

    assert.match(moved.stdout, /^\/crew +2\.92 KiB +critical +limit=2\.97 KiB \(3050 bytes\)$/m)
    assert.equal(deleted.stdout, '/  0 B  normal  no limits\n')
  })

  it('works without a server too, and the next one holds to it', async (test) => {
    const { folder, server } = await scene(test)
    await server.stop()

    const set = await plimsoll('space', 'set', '/team', folder, '--limit', '3050')
    const again = await serverProcess(test, folder)

    assert.equal(set.code, 0)
    assert.equal((await ask(again, 'PUT /team/c', { body: 'x'.repeat(100) })).status, 507)
  })

  it('accepts a limit below what is used, says so, and lets it shrink', async (test) => {
    const { folder, server } = await scene(test)

    const set = await plimsoll('space', 'set', '/team', folder, '--limit', '0')
    const grown = await ask(server, 'PUT /team/a', { body: 'x'.repeat(1001) })
    const shrunk = await ask(server, 'PUT /team/a', { body: 'x'.repeat(999) })

    assert.deepEqual([set.code, grown.status, shrunk.status], [0, 507, 204])
    assert.match(set.stderr, /There is more in it than that already: it can shrink, but not grow/)
  })

  it('says so too where it is names that are more already', async (test) => {
    const { folder } = await scene(test)

    const set = await plimsoll('space', 'set', '/team', folder, '--limit', '1MiB', '--entries', '1')

    assert.equal(set.code, 0)
    assert.match(set.stderr, /There is more in it than that already/)
  })

  it('tells in the log where limits of the configuration hold only later', async (test) => {
    const { folder, server } = await scene(test)
    await server.stop()

    const again = await serverProcess(test, folder, [
      '--space',
      '/team/a:limit=5',
      '--space',
      '/later:limit=5',
    ])
    await again.stop()

    assert.match(
      again.log(),
      /"space":"\/team\/a".*limits are set on a file; they hold once it is a collection/,
    )
    assert.match(again.log(), /a collection with limits is not there yet/)
  })

  for (const [what, args, problem] of [
    [
      'a folder that is not there',
      ['/nowhere', '--limit', '1'],
      /there is no folder \/nowhere\nLimits are set on a folder/,
    ],
    ['a file', ['/team/a', '--limit', '1'], /there is no folder \/team\/a/],
    ['a path without a slash', ['team', '--limit', '1'], /"team" does not begin with a slash/],
    ['the folder of the server', ['/.plimsoll', '--limit', '1'], /the name \.plimsoll is the server's own/],
    ['no limit', ['/team'], /no limit was given\nGive at least one of --limit/],
    ['a negative limit', ['/team', '--limit', '-1'], /limit: "-1" is negative/],
    ['a limit above 2^53', ['/team', '--limit', '9007199254740992'], /limit: .* is too large/],
    [
      'a soft limit above the limit',
      ['/team', '--limit', '1', '--soft-limit', '2'],
      /the soft limit .* is above the limit/,
    ],
    ['a grace of no soft limit', ['/team', '--grace', '7d'], /a grace without a soft limit means nothing/],
    [
      'a space of the configuration',
      ['/set', '--limit', '1'],
      /the limits of \/set stand in the configuration/,
    ],
  ] as const) {
    it(`refuses ${what}, says what to do and changes nothing`, async (test) => {
      const { folder } = await scene(test, ['--space', '/set:limit=5'])
      const before = await plimsoll('space', 'list', folder)

      const [path, ...limits] = args
      const set = await plimsoll('space', 'set', path, folder, ...limits)

      assert.deepEqual([set.code, set.stdout], [1, ''])
      assert.match(set.stderr, problem)
      assert.equal((await plimsoll('space', 'list', folder)).stdout, before.stdout)
    })
  }

  it('gives each user a folder with a limit at start, if there are to be homes', async (test) => {
    const folder = temporaryFolder(test)
    const users = { PLIMSOLL_USER: 'alice:secret\nbob:secret' }
    const server = await serverProcess(test, folder, ['--home', '/home', '--home-limit', '100'], users)
    const headers = { Authorization: `Basic ${btoa('alice:secret')}` }

    const fits = await ask(server, 'PUT /home/alice/a', { headers, body: 'x'.repeat(100) })
    const over = await ask(server, 'PUT /home/bob/a', { headers, body: 'x'.repeat(101) })

    assert.deepEqual([fits.status, over.status], [201, 507])
    assert.match(
      over.text,
      /cause="user-quota" needed="101" available="100" limit="100" used="0" root="\/home\/bob\/"/,
    )
  })
})

describe('two servers and newer states', () => {
  it('are refused to the commands with the same sentences as to a server', async (test) => {
    const { folder, server } = await scene(test)
    await server.stop()
    const file = join(folder, '.plimsoll', 'state.db')
    const before = readFileSync(file)
    const newer = Buffer.from(before)
    newer.writeUInt32BE(9999, 60)
    writeFileSync(file, newer)

    const ended = await plimsoll('space', 'list', folder)

    assert.equal(ended.code, 1)
    assert.match(ended.stderr, /was written by a newer Plimsoll \(schema 9999/)
  })
})

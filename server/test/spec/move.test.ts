import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { failures, lock, setting, transfer, update } from '../support/spawned.ts'
import { cannotMount } from '../support/tools.ts'

const LOCKED = '423 DAV:lock-token-submitted'

/** Two files, and a tree of a file, a folder with a file and an empty folder. */
async function filledServer(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 1_000_000 })
  for (const folder of ['/tree', '/tree/sub', '/tree/empty', '/other']) await ask(server, `MKCOL ${folder}`)
  for (const file of ['/a.txt', '/b.txt', '/tree/one.txt', '/tree/sub/two.txt']) {
    await ask(server, `PUT ${file}`, { body: `content of ${file}` })
  }
  return server
}

/** A MOVE that must change nothing. */
async function refused(server: TestServer, move: () => Promise<Answer>): Promise<Answer> {
  const before = await snapshotOf(server)
  const answer = await move()
  assert.deepEqual(await snapshotOf(server), before)
  return answer
}

async function statusOfRefused(server: TestServer, move: () => Promise<Answer>): Promise<number> {
  return (await refused(server, move)).status
}

function contentOf(server: TestServer, path: string): string {
  return readFileSync(join(server.folder, path), 'utf8')
}

describe('MOVE (RFC 4918 §9.9)', () => {
  it('answers 201 for a new destination, and nothing is left behind (CM-02)', async (test) => {
    const server = await filledServer(test)
    const before = await server.space()

    const answer = await transfer(server, 'MOVE', '/a.txt', '/other/c.txt')

    assert.deepEqual([answer.status, answer.text], [201, ''])
    assert.equal((await ask(server, 'GET /a.txt')).status, 404)
    assert.equal(contentOf(server, '/other/c.txt'), 'content of /a.txt')
    assert.deepEqual([await server.space(), server.strays()], [before, []])
  })

  it('replaces an existing file in one step and answers 204, never 409 or 405 (CM-02, CM-25)', async (test) => {
    const server = await filledServer(test)

    const answer = await transfer(server, 'MOVE', '/a.txt', '/b.txt', { Overwrite: 'T' })

    assert.deepEqual([answer.status, contentOf(server, '/b.txt')], [204, 'content of /a.txt'])
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })

  it('shows readers of a replaced file either the old or the new content, and never nothing (CM-25)', async (test) => {
    const server = await filledServer(test)
    let moving = true
    const read = async (): Promise<string[]> => {
      const seen: string[] = []
      while (moving) {
        const { status, text } = await ask(server, 'GET /b.txt')
        seen.push(status === 200 ? text : String(status))
      }
      return seen
    }

    const readers = [read(), read()]
    for (let version = 0; version < 50; version++) {
      await ask(server, 'PUT /new.txt', { body: `version ${version}` })
      assert.equal((await transfer(server, 'MOVE', '/new.txt', '/b.txt')).status, 204)
    }
    moving = false

    const wrong = (await Promise.all(readers)).flat().filter((text) => !/^(content|version) /.test(text))
    assert.deepEqual(wrong, [])
  })

  it('needs a Destination (CM-01)', async (test) => {
    const server = await filledServer(test)

    assert.equal(await statusOfRefused(server, () => ask(server, 'MOVE /a.txt')), 400)
  })

  it('answers 412 when Overwrite is F and something is there, 400 to any other value (CM-03, CM-04)', async (test) => {
    const server = await filledServer(test)
    const move = (value: string) => () => transfer(server, 'MOVE', '/a.txt', '/b.txt', { Overwrite: value })

    assert.equal(await statusOfRefused(server, move('F')), 412)
    assert.equal(await statusOfRefused(server, move('yes')), 400)
  })

  it('answers 409 for a missing parent, 404 for a missing source, 403 onto itself (CM-05, CM-06, CM-27)', async (test) => {
    const server = await filledServer(test)
    const cases: [string, string, number][] = [
      ['/a.txt', '/missing/c.txt', 409],
      ['/missing', '/c.txt', 404],
      ['/a.txt', '/a.txt', 403],
      ['/tree/', '/tree', 403],
    ]

    for (const [from, to, status] of cases) {
      assert.equal(await statusOfRefused(server, () => transfer(server, 'MOVE', from, to)), status, to)
    }
  })

  it('refuses to put a collection into itself or in the place of one that holds it (CM-07, CM-08)', async (test) => {
    const server = await filledServer(test)
    const cases: [string, string][] = [
      ['/tree', '/tree/sub/tree'],
      ['/tree/sub', '/tree'],
      ['/tree/sub/two.txt', '/tree'],
      ['/a.txt', '/'],
    ]

    for (const [from, to] of cases) {
      assert.equal(await statusOfRefused(server, () => transfer(server, 'MOVE', from, to)), 403, to)
    }
    assert.equal(await statusOfRefused(server, () => transfer(server, 'MOVE', '/', '/c')), 403)
  })

  it('moves collections whole and refuses any Depth but infinity (CM-10, CM-23)', async (test) => {
    const server = await filledServer(test)
    const move = (Depth: string) => () => transfer(server, 'MOVE', '/tree', '/moved', { Depth })

    for (const depth of ['0', '1', '2']) assert.equal(await statusOfRefused(server, move(depth)), 400, depth)
    assert.equal((await move('infinity')()).status, 201)

    const names = Object.keys((await snapshotOf(server)).members).filter((name) => name.startsWith('moved/'))
    assert.deepEqual(names, ['moved/empty', 'moved/one.txt', 'moved/sub', 'moved/sub/two.txt'])
  })

  it('takes the place of a whole tree and gives its room back (CM-12)', async (test) => {
    const server = await filledServer(test)
    await update(server, '/tree/one.txt', setting('z:color', 'x'.repeat(500)))

    const answer = await transfer(server, 'MOVE', '/other', '/tree')

    assert.equal(answer.status, 204)
    assert.deepEqual(Object.keys((await snapshotOf(server)).members), ['a.txt', 'b.txt', 'tree'])
    assert.deepEqual([(await server.space()).usedBytes, server.strays()], [server.countedBytes(), []])
  })

  it('lets a file replace a collection and a collection a file (CM-12)', async (test) => {
    const server = await filledServer(test)

    const onTree = await transfer(server, 'MOVE', '/a.txt', '/tree/sub')
    const onFile = await transfer(server, 'MOVE', '/tree', '/b.txt')

    assert.deepEqual([onTree.status, onFile.status], [204, 204])
    assert.equal(contentOf(server, '/b.txt/sub'), 'content of /a.txt')
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })

  it('keeps dead properties, creationdate and ETag of everything that moves (CM-14)', async (test) => {
    const server = await filledServer(test)
    for (const path of ['/tree', '/tree/sub/two.txt']) await update(server, path, setting('z:color', path))
    const before = await allOf(server, '/tree')

    await transfer(server, 'MOVE', '/tree', '/other/moved')

    assert.deepEqual(await allOf(server, '/other/moved'), before)
  })

  it('removes the source where both names are one file on the disk (CM-02)', async (test) => {
    const server = await filledServer(test)
    linkSync(join(server.folder, 'a.txt'), join(server.folder, 'same.txt'))

    const answer = await transfer(server, 'MOVE', '/a.txt', '/same.txt')

    assert.equal(answer.status, 204)
    assert.deepEqual(
      [(await ask(server, 'GET /a.txt')).status, (await ask(server, 'GET /same.txt')).text],
      [404, 'content of /a.txt'],
    )
  })

  it('is refused onto another volume, and the source stays (MX-32)', {
    skip: cannotMount(),
  }, async (test) => {
    // Unmounted before the folder is removed: the hooks of a test run in their order.
    const at = () => join(folder, 'volume')
    test.after(() => execFileSync('umount', ['-l', at()]))
    const folder = temporaryFolder(test)
    mkdirSync(at())
    execFileSync('mount', ['-t', 'tmpfs', 'none', at()])
    const server = await serverWith(test, { folder })
    await ask(server, 'PUT /kept', { body: 'kept' })
    const before = await snapshotOf(server)

    for (const method of ['MOVE', 'COPY'] as const) {
      assert.equal((await transfer(server, method, '/kept', '/volume/new')).status, 403)
    }

    assert.deepEqual(await snapshotOf(server), before)
  })
})

/** Of a tree: the color, the date of creation and the ETag of its root and of its file. */
async function allOf(server: TestServer, root: string) {
  const body = asking('creationdate', 'getetag')
    .replace('xmlns:D="DAV:"', 'xmlns:D="DAV:" xmlns:z="urn:z"')
    .replace('<D:getetag/>', '<D:getetag/><z:color/>')
  return await Promise.all(
    [root, `${root}/sub/two.txt`].map(async (path) => {
      const [member] = await propfind(server, path, { body })
      return [...(member?.found ?? [])].map(([name, { text }]) => [name, text])
    }),
  )
}

describe('MOVE and locks (RFC 4918 §7.4, §7.5, §7.6, §9.9.4)', () => {
  it('lets the lock end with the name of the source, and takes none along (CM-20, LCK-21)', async (test) => {
    const server = await filledServer(test)
    const token = await lock(server, '/a.txt')

    const answer = await transfer(server, 'MOVE', '/a.txt', '/c.txt', { If: `(<${token}>)` })
    const [moved] = await propfind(server, '/c.txt', { body: asking('lockdiscovery') })
    const again = await ask(server, 'PUT /a.txt', { body: 'free' })

    assert.deepEqual([answer.status, again.status], [201, 201])
    assert.deepEqual(moved?.found.get('DAV:lockdiscovery')?.children, [])
  })

  it('lets what leaves a locked collection be free, and what arrives in it be locked (CM-20, LCK-20)', async (test) => {
    const server = await filledServer(test)
    const token = await lock(server, '/tree')
    const If = `</tree> (<${token}>)`

    await transfer(server, 'MOVE', '/tree/one.txt', '/free.txt', { If })
    await transfer(server, 'MOVE', '/a.txt', '/tree/joined.txt', { If })

    const free = await ask(server, 'PUT /free.txt', { body: 'new' })
    const joined = await ask(server, 'PUT /tree/joined.txt', { body: 'new' })
    assert.deepEqual([free.status, joined.status], [204, 423])
  })

  for (const [what, root, depth, url] of [
    ['the source', '/tree/one.txt', '0', '/tree/one.txt'],
    ['the parent of the source', '/tree', '0', '/tree'],
    ['the destination', '/other/old.txt', '0', '/other/old.txt'],
    ['the parent of the destination', '/other', '0', '/other'],
    ['a collection far above', '/', 'infinity', '/'],
  ] as const) {
    it(`needs the token of ${what} (CM-21, LCK-18)`, async (test) => {
      const server = await filledServer(test)
      await ask(server, 'PUT /other/old.txt', { body: 'old' })
      const token = await lock(server, root, { depth })
      const move = (headers = {}) => transfer(server, 'MOVE', '/tree/one.txt', '/other/old.txt', headers)

      const without = await refused(server, () => move())
      const withToken = await move({ If: `<${url}> (<${token}>)` })

      assert.equal(without.status, 423)
      assert.match(without.text, new RegExp(`<D:lock-token-submitted><D:href>${root}</D:href>`))
      assert.equal(withToken.status, 204)
    })
  }

  for (const [what, root, member] of [
    ['source', '/tree', '/tree/sub/two.txt'],
    ['destination', '/other', '/other/old.txt'],
  ] as const) {
    it(`needs the tokens of locked members of the ${what}, and names them in a 207 (CM-18, CM-21)`, async (test) => {
      const server = await filledServer(test)
      await ask(server, 'PUT /other/old.txt', { body: 'old' })
      const token = await lock(server, member)
      const move = (headers = {}) => transfer(server, 'MOVE', '/tree', '/other', headers)

      const without = await refused(server, () => move())
      const withToken = await move({ If: `<${member}> (<${token}>)` })

      assert.ok(member.startsWith(root))
      assert.deepEqual(failures(without), { [member]: LOCKED })
      assert.equal(withToken.status, 204)
    })
  }
})

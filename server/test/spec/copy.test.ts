import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { failures, lock, setting, transfer, update } from '../support/spawned.ts'

/** A file, and a tree of a file, a folder with a file and an empty folder. */
async function filledServer(test: TestContext, basePath = ''): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 1_000_000, basePath })
  for (const folder of ['/tree', '/tree/sub', '/tree/empty']) await ask(server, `MKCOL ${basePath}${folder}`)
  for (const file of ['/a.txt', '/b.txt', '/tree/one.txt', '/tree/sub/two.txt']) {
    await ask(server, `PUT ${basePath}${file}`, { body: `content of ${file}` })
  }
  return server
}

/** A COPY that must change nothing. */
async function refused(server: TestServer, copy: () => Promise<Answer>): Promise<number> {
  const before = await snapshotOf(server)
  const answer = await copy()
  assert.deepEqual(await snapshotOf(server), before)
  return answer.status
}

function contentOf(server: TestServer, path: string): string {
  return readFileSync(join(server.folder, path), 'utf8')
}

describe('COPY of a file (RFC 4918 §9.8)', () => {
  it('answers 201 for a new destination, charges it, and leaves the source (CM-02)', async (test) => {
    const server = await filledServer(test)
    const before = await snapshotOf(server)

    const answer = await transfer(server, 'COPY', '/a.txt', '/c.txt')

    assert.deepEqual([answer.status, answer.text], [201, ''])
    assert.equal(contentOf(server, '/c.txt'), 'content of /a.txt')
    const { members, usedBytes } = await snapshotOf(server)
    assert.deepEqual(members['a.txt'], before.members['a.txt'])
    assert.notEqual(members['c.txt']?.etag, members['a.txt']?.etag)
    assert.deepEqual([usedBytes, server.strays()], [server.countedBytes(), []])
  })

  it('answers 204 for a destination it replaced (CM-02)', async (test) => {
    const server = await filledServer(test)

    const answer = await transfer(server, 'COPY', '/a.txt', '/b.txt')

    assert.deepEqual([answer.status, contentOf(server, '/b.txt')], [204, 'content of /a.txt'])
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })

  it('needs a Destination (CM-01)', async (test) => {
    const server = await filledServer(test)

    assert.equal(await refused(server, () => ask(server, 'COPY /a.txt')), 400)
  })

  it('takes a URL with its own authority, a path, and a path below its base path', async (test) => {
    const server = await filledServer(test, '/dav')
    const destinations = [`http://${server.host}:${server.port}/dav/c.txt`, '/dav/d.txt', '/%64av/e%2Etxt']

    for (const to of destinations) {
      assert.equal((await transfer(server, 'COPY', '/dav/a.txt', to)).status, 201, to)
    }

    for (const name of ['c.txt', 'd.txt', 'e.txt']) assert.equal(contentOf(server, name), 'content of /a.txt')
  })

  it('takes a missing Overwrite for T, in any letters, and refuses everything else (CM-03)', async (test) => {
    const server = await filledServer(test)
    const copy = (value: string) => transfer(server, 'COPY', '/a.txt', '/b.txt', { Overwrite: value })

    const wrong = ['', 'true', 'TF', 'no', '0']
    for (const value of wrong) assert.equal(await refused(server, () => copy(value)), 400, value)
    for (const value of ['T', 't', ' T ']) assert.equal((await copy(value)).status, 204, value)
  })

  it('answers 412 when Overwrite is F and something is there (CM-04)', async (test) => {
    const server = await filledServer(test)
    const copy = (to: string) => transfer(server, 'COPY', '/a.txt', to, { Overwrite: 'F' })

    assert.equal(await refused(server, () => copy('/b.txt')), 412)
    assert.equal(await refused(server, () => copy('/tree')), 412)
    assert.equal((await copy('/c.txt')).status, 201)
  })

  it('answers 409 when the parent of the destination is missing or a file (CM-05, CODE-06)', async (test) => {
    const server = await filledServer(test)

    for (const to of ['/missing/c.txt', '/b.txt/c.txt']) {
      assert.equal(await refused(server, () => transfer(server, 'COPY', '/a.txt', to)), 409, to)
    }
  })

  it('answers 403 when source and destination are one, in whatever spelling (CM-06)', async (test) => {
    const server = await filledServer(test)

    for (const to of ['/a.txt', '/%61.txt', '//a.txt', '/a.txt/']) {
      assert.equal(await refused(server, () => transfer(server, 'COPY', '/a.txt', to)), 403, to)
    }
  })

  it('answers 404 when there is no source (CM-27)', async (test) => {
    const server = await filledServer(test)

    assert.equal(await refused(server, () => transfer(server, 'COPY', '/missing', '/c.txt')), 404)
  })

  it('copies dead properties and charges them, and no live value becomes a dead one (CM-13, CM-15, QUOTA-15)', async (test) => {
    const server = await filledServer(test)
    await update(server, '/a.txt', setting('z:color', 'x'.repeat(1000)))
    const before = await server.space()

    await transfer(server, 'COPY', '/a.txt', '/c.txt')
    await ask(server, 'PUT /c.txt', { body: 'now longer than it was before' })

    const names = asking('getcontentlength').replace(
      '<D:getcontentlength/>',
      '<D:getcontentlength/><z:color/>',
    )
    const body = names.replace('xmlns:D="DAV:"', 'xmlns:D="DAV:" xmlns:z="urn:z"')
    const [copied] = await propfind(server, '/c.txt', { body })
    assert.equal(copied?.found.get('{urn:z}color')?.text, 'x'.repeat(1000))
    assert.equal(copied?.found.get('DAV:getcontentlength')?.text, '29')
    const grownBytes = (await server.space()).usedBytes - before.usedBytes
    assert.ok(grownBytes > 1000 + 29, `${grownBytes} bytes were charged`)
  })

  it('gives the copy a creationdate of its own (CM-15)', async (test) => {
    const server = await filledServer(test)

    await transfer(server, 'COPY', '/a.txt', '/c.txt')

    const dates = await Promise.all(
      ['/a.txt', '/c.txt'].map(async (path) => {
        const [member] = await propfind(server, path, { body: asking('creationdate') })
        return Date.parse(member?.found.get('DAV:creationdate')?.text ?? '')
      }),
    )
    assert.ok((dates[1] ?? 0) > (dates[0] ?? 0), String(dates))
  })

  it('replaces the properties of the destination (CM-11, CM-13)', async (test) => {
    const server = await filledServer(test)
    await update(server, '/a.txt', setting('z:color', 'red'))
    await update(server, '/b.txt', setting('z:taste', 'sweet'))

    await transfer(server, 'COPY', '/a.txt', '/b.txt')

    const [replaced] = await propfind(server, '/b.txt')
    assert.equal(replaced?.found.get('{urn:z}color')?.text, 'red')
    assert.equal(replaced?.found.has('{urn:z}taste'), false)
  })
})

describe('COPY of a collection (RFC 4918 §9.8.3)', () => {
  it('copies everything below by default and with Depth infinity, extending the destination (CM-09, CM-23)', async (test) => {
    const server = await filledServer(test)

    const byDefault = await transfer(server, 'COPY', '/tree', '/one')
    const asked = await transfer(server, 'COPY', '/tree/', '/two/', { Depth: 'Infinity' })

    assert.deepEqual([byDefault.status, asked.status], [201, 201])
    for (const root of ['/one', '/two']) {
      assert.equal(contentOf(server, `${root}/one.txt`), 'content of /tree/one.txt')
      assert.equal(contentOf(server, `${root}/sub/two.txt`), 'content of /tree/sub/two.txt')
      assert.ok(existsSync(join(server.folder, root, 'empty')))
    }
    assert.deepEqual([(await server.space()).usedBytes, server.strays()], [server.countedBytes(), []])
  })

  it('copies the collection and its properties alone with Depth 0 (CM-09)', async (test) => {
    const server = await filledServer(test)
    await update(server, '/tree', setting('z:color', 'red'))

    const answer = await transfer(server, 'COPY', '/tree', '/copy', { Depth: '0' })

    assert.equal(answer.status, 201)
    const [copied, ...members] = await propfind(server, '/copy/', { depth: '1' })
    assert.deepEqual([copied?.found.get('{urn:z}color')?.text, members], ['red', []])
  })

  it('refuses any other Depth (CM-09)', async (test) => {
    const server = await filledServer(test)

    for (const depth of ['1', '2', '-1', 'all', '']) {
      const copy = () => transfer(server, 'COPY', '/tree', '/copy', { Depth: depth })
      assert.equal(await refused(server, copy), 400, depth)
    }
  })

  it('leaves exactly the members of the source and merges nothing (CM-11)', async (test) => {
    const server = await filledServer(test)
    await ask(server, 'MKCOL /old')
    await ask(server, 'PUT /old/leftover.txt', { body: 'old' })
    await update(server, '/old/leftover.txt', setting('z:color', 'red'))

    const answer = await transfer(server, 'COPY', '/tree', '/old')

    assert.equal(answer.status, 204)
    const { members, usedBytes } = await snapshotOf(server)
    const below = Object.keys(members).filter((name) => name.startsWith('old/'))
    assert.deepEqual(below, ['old/empty', 'old/one.txt', 'old/sub', 'old/sub/two.txt'])
    assert.deepEqual([usedBytes, server.strays()], [server.countedBytes(), []])
  })

  it('lets a file replace a collection and a collection a file (CM-11)', async (test) => {
    const server = await filledServer(test)

    const onTree = await transfer(server, 'COPY', '/a.txt', '/tree/sub')
    const onFile = await transfer(server, 'COPY', '/tree', '/b.txt')

    assert.deepEqual([onTree.status, onFile.status], [204, 204])
    assert.equal(contentOf(server, '/tree/sub'), 'content of /a.txt')
    assert.equal(contentOf(server, '/b.txt/one.txt'), 'content of /tree/one.txt')
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })

  it('copies a collection into itself as it was, without end (CM-07)', async (test) => {
    const server = await filledServer(test)

    const answer = await transfer(server, 'COPY', '/tree', '/tree/sub/copy')

    assert.equal(answer.status, 201)
    const { members } = await snapshotOf(server)
    const below = Object.keys(members).filter((name) => name.startsWith('tree/sub/copy/'))
    assert.deepEqual(below, [
      'tree/sub/copy/empty',
      'tree/sub/copy/one.txt',
      'tree/sub/copy/sub',
      'tree/sub/copy/sub/two.txt',
    ])
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })

  it('refuses to replace a collection that holds the source (CM-08)', async (test) => {
    const server = await filledServer(test)

    for (const to of ['/tree', '/tree/sub', '/']) {
      const copy = () => transfer(server, 'COPY', '/tree/sub/two.txt', to)
      assert.equal(await refused(server, copy), 403, to)
    }
  })

  it('names in a 207 the members it could not copy, copies the others, and lists no others (CM-17, CM-18, CM-19, STOR-16)', async (test) => {
    const server = await serverWith(test, { maxFileBytes: 1000 })
    mkdirSync(join(server.folder, 'tree', 'sub'), { recursive: true })
    for (const name of ['tree/small.txt', 'tree/sub/small.txt']) writeFileSync(join(server.folder, name), 'x')
    for (const name of ['tree/big.txt', 'tree/sub/big.txt']) {
      writeFileSync(join(server.folder, name), '')
      truncateSync(join(server.folder, name), 1001)
    }

    const answer = await transfer(server, 'COPY', '/tree', '/copy')

    const verdict = '403 {urn:uuid:d50f96e6-7447-4bc9-bd71-c4ac6bb19aef}max-file-size'
    assert.deepEqual(failures(answer), { '/copy/big.txt': verdict, '/copy/sub/big.txt': verdict })
    assert.equal(answer.headers.location, undefined)
    const names = Object.keys((await snapshotOf(server)).members).filter((name) => name.startsWith('copy/'))
    assert.deepEqual(names, ['copy/small.txt', 'copy/sub', 'copy/sub/small.txt'])
  })
})

describe('COPY and locks (RFC 4918 §7.5.1, §7.6)', () => {
  it('takes no lock along, and what arrives in a locked collection joins its lock (CM-20)', async (test) => {
    const server = await filledServer(test)
    await lock(server, '/a.txt')
    const token = await lock(server, '/tree')

    await transfer(server, 'COPY', '/a.txt', '/free.txt')
    await transfer(server, 'COPY', '/a.txt', '/tree/joined.txt', { If: `</tree> (<${token}>)` })

    const [free] = await propfind(server, '/free.txt', { body: asking('lockdiscovery') })
    const [joined] = await propfind(server, '/tree/joined.txt', { body: asking('lockdiscovery') })
    assert.deepEqual(free?.found.get('DAV:lockdiscovery')?.children, [])
    assert.match(joined?.found.get('DAV:lockdiscovery')?.text ?? '', new RegExp(token))
  })

  it('asks for no token of the source (CM-22)', async (test) => {
    const server = await filledServer(test)
    for (const path of ['/tree', '/a.txt']) await lock(server, path)

    const file = await transfer(server, 'COPY', '/a.txt', '/c.txt')
    const tree = await transfer(server, 'COPY', '/tree', '/copy')

    assert.deepEqual([file.status, tree.status], [201, 201])
  })
})

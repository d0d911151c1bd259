import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { DavError } from '../../src/core/errors.ts'
import { NO_LIMITS, type SpaceLimits, type SpaceSetting } from '../../src/core/ledger.ts'
import type { ResourcePath } from '../../src/core/path.ts'
import { EXT_NS } from '../../src/dav/xml/names.ts'
import { head, remainingAnswers } from '../support/answers.ts'
import { type Answer, ask } from '../support/ask.ts'
import { eventually } from '../support/eventually.ts'
import { propfind } from '../support/multistatus.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { restarted, transfer } from '../support/spawned.ts'

const SPACE = `<D:propfind xmlns:D="DAV:" xmlns:x="${EXT_NS}"><D:prop><x:space/></D:prop></D:propfind>`

function put(server: TestServer, path: string, bytes: number): Promise<Answer> {
  return ask(server, `PUT ${path}`, { body: 'x'.repeat(bytes) })
}

function space(path: string, limits: Partial<SpaceLimits>): SpaceSetting {
  return { path: path as ResourcePath, kind: 'collection', limits: { ...NO_LIMITS, ...limits } }
}

function spaceOf({ headers }: Answer): string {
  return String(headers['plimsoll-space'])
}

/** The changes of level in the log so far. */
function changesIn({ log }: TestServer): readonly string[] {
  return log.messages.flatMap(
    (message) => /^(.*) is at level (\w+), before at (\w+) /.exec(message)?.[0].trim() ?? [],
  )
}

describe('the header Plimsoll-Space', () => {
  it('tells in the answer of every method that writes how the space stands afterwards (LVL-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })

    const answers = [
      await put(server, '/a', 700),
      await put(server, '/b', 100),
      await ask(server, 'MKCOL /c'),
      await put(server, '/d', 199),
      await put(server, '/e', 1),
      await put(server, '/f', 1),
      await ask(server, 'DELETE /a'),
    ]

    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 201, 201, 201, 507, 204],
    )
    assert.deepEqual(answers.map(spaceOf), [
      '"/";level=normal;used=700;limit=1000;available=300',
      '"/";level=near;used=800;limit=1000;available=200',
      '"/";level=near;used=800;limit=1000;available=200',
      '"/";level=critical;used=999;limit=1000;available=1',
      '"/";level=full;used=1000;limit=1000;available=0',
      '"/";level=full;used=1000;limit=1000;available=0',
      '"/";level=normal;used=300;limit=1000;available=700',
    ])
  })

  it('names the disk where there is no limit, with what RFC 4331 says (LVL-02, QUOTA-06)', async (test) => {
    const server = await serverWith(test)

    const answer = await put(server, '/a', 10)

    const { availableBytes } = await server.space()
    const [, shown] = /^disk;level=\w+;available=(\d+)$/.exec(spaceOf(answer)) ?? []
    // Other programs write to this disk too.
    assert.ok(Math.abs(Number(shown) - availableBytes) < 2 ** 30, `${spaceOf(answer)} ${availableBytes}`)
  })

  it('names the disk where that has nothing to give (LVL-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000, keepFreeBytes: 2 ** 60 })

    const refused = await put(server, '/a', 1)

    assert.deepEqual([refused.status, spaceOf(refused)], [507, 'disk;level=full;available=0'])
  })

  it('is in no answer to a method that only reads, and tells nothing to a stranger (LVL-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    await put(server, '/a', 1)
    const closed = await serverWith(test, {
      authenticate: async () => {
        throw new DavError('unauthenticated', 'who are you?')
      },
    })

    const answers = [
      await ask(server, 'GET /a'),
      await ask(server, 'HEAD /a'),
      await ask(server, 'OPTIONS /a'),
      await ask(server, 'PROPFIND /', { headers: { Depth: '0' } }),
      await put(closed, '/a', 1),
    ]

    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 207, 401],
    )
    assert.deepEqual(
      answers.filter(({ headers }) => 'plimsoll-space' in headers),
      [],
    )
  })

  it('names the space that binds, the inner or the outer one, where a copy arrives (LVL-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000, spaces: [space('/team', { limitBytes: 400 })] })
    await ask(server, 'MKCOL /team')
    await put(server, '/a', 350)

    const inner = await transfer(server, 'COPY', '/a', '/team/a')
    const outer = await put(server, '/b', 260)
    const elsewhere = await transfer(server, 'MOVE', '/team/a', '/c')

    assert.deepEqual([inner, outer, elsewhere].map(spaceOf), [
      '"/team/";level=near;used=350;limit=400;available=50',
      '"/";level=critical;used=960;limit=1000;available=40',
      '"/";level=critical;used=960;limit=1000;available=40',
    ])
  })

  it('says how long a soft limit may still be passed (LVL-02, LVL-03)', async (test) => {
    const soft = space('/', { softLimitBytes: 100, graceSeconds: 3600 })
    const server = await serverWith(test, { spaces: [soft] })

    const within = await put(server, '/a', 100)
    const above = await put(server, '/b', 1)
    const [member] = await propfind(server, '/', { body: SPACE })

    assert.match(spaceOf(within), /level=normal/)
    assert.match(spaceOf(above), /^"\/";level=near;used=101;grace=3\d{3};available=/)
    const [root] = member?.found.get(`{${EXT_NS}}space`)?.children ?? []
    assert.match(root?.attributes.grace ?? '', /^3\d{3}$/)
  })

  it('never tells a longer grace than there is, however long the upload took (LVL-02)', async (test) => {
    const spaces = [space('/', { softLimitBytes: 1, graceSeconds: 86_400 })]
    const server = await serverWith(test, { spaces })
    const connection = await rawConnection(test, server)
    connection.write(head('PUT /a', 'Content-Length: 2', 'Connection: close'))
    await eventually('the upload has begun', () => server.strays().length === 1)
    await setTimeout(50)

    connection.write('xx')
    const [answer] = await remainingAnswers(connection)

    assert.match(answer?.headers.get('plimsoll-space') ?? '', /;grace=86400;/)
  })

  it('is under the base path, and survives a Destination that cannot be read (LVL-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000, basePath: '/dav' })
    await put(server, '/dav/a', 500)

    const copied = await transfer(server, 'COPY', '/dav/a', '/dav/b')
    const astray = await transfer(server, 'MOVE', '/dav/a', 'ftp://elsewhere/')

    assert.equal(spaceOf(copied), '"/dav/";level=full;used=1000;limit=1000;available=0')
    assert.deepEqual([astray.status, 'plimsoll-space' in astray.headers], [502, false])
  })
})

describe('the property space', () => {
  it('shows every space around a collection and the disk, by the same numbers (LVL-03)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    await put(server, '/a', 850)
    await ask(server, 'MKCOL /c')

    const members = await propfind(server, '/', { depth: '1', body: SPACE })

    const shownOf = (path: string) =>
      members
        .find(({ href }) => href === path)
        ?.found.get(`{${EXT_NS}}space`)
        ?.children.map(({ name, attributes: { 'xmlns:x': _, ...said } }) => [name, said])
    const [root, file, inner] = ['/', '/a', '/c/'].map(shownOf)
    const { availableBytes } = await server.space('/c')
    assert.deepEqual(inner?.[0], [
      `{${EXT_NS}}root`,
      {
        level: 'near',
        root: '/',
        used: '850',
        reserved: '0',
        limit: '1000',
        available: String(availableBytes),
        binding: 'true',
      },
    ])
    assert.deepEqual([root?.length, file, inner?.length], [2, undefined, 2])
  })
})

describe('the log', () => {
  it('tells each change of a level once (LVL-04)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    await put(server, '/a', 790)
    for (const bytes of [10, 20, 30, 1, 2]) await put(server, '/b', bytes)
    await put(server, '/c', 200)
    await put(server, '/c', 208)
    await ask(server, 'DELETE /c')
    await ask(server, 'DELETE /a')

    assert.deepEqual(changesIn(server), [
      '/ is at level near, before at normal',
      '/ is at level critical, before at near',
      '/ is at level full, before at critical',
      '/ is at level near, before at full',
      '/ is at level normal, before at near',
    ])
  })

  it('tells of a soft limit without a limit what a new file may have, as the header does (LVL-04)', async (test) => {
    const spaces = [space('/', { softLimitBytes: 100, graceSeconds: 3600 })]
    const server = await serverWith(test, { spaces })

    const answer = await put(server, '/a', 101)

    const [, inHeader] = /available=(\d+)/.exec(spaceOf(answer)) ?? []
    const [line = ''] = server.log.messages.filter((message) => message.startsWith('/ is at level near'))
    const [, inLog] = /"availableBytes":(\d+)/.exec(line) ?? []
    assert.equal(inLog, inHeader)
  })

  it('tells at the start what is near its limit already (LVL-04)', async (test) => {
    const before = await serverWith(test, { limitBytes: 1000 })
    await put(before, '/a', 950)

    const after = await restarted(test, before, { limitBytes: 1000 })

    await put(after, '/b', 1)
    assert.deepEqual(changesIn(after), ['/ is at level critical, before at normal'])
  })
})

describe('where space is shown to people', () => {
  it('the page and the summary say the level by which writes are judged (LVL-05)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    const shown = async (): Promise<string> => {
      const page = (await ask(server, 'GET /')).text
      const [, low, high] = / low="(\d+)" high="(\d+)"/.exec(page) ?? []
      const [, sentence = ''] = /<strong>(.*)<\/strong>/.exec(page) ?? []
      return `${(await server.running.summary()).level} ${low}-${high} ${sentence}`
    }

    const levels: string[] = []
    for (const bytes of [100, 700, 150, 50]) {
      await put(server, `/${bytes}`, bytes)
      levels.push(await shown())
    }

    assert.deepEqual(levels, [
      'normal 1000-1000 ',
      'near 0-1000 It is nearly full.',
      'critical 0-0 It is almost full.',
      'full 0-0 It is full.',
    ])
  })

  it('and the thresholds are those that were set (LVL-05)', async (test) => {
    const server = await serverWith(test, {
      limitBytes: 1000,
      limits: { nearPercent: 10, criticalPercent: 20 },
    })

    const levels = [
      await put(server, '/a', 99),
      await put(server, '/b', 1),
      await put(server, '/c', 100),
    ].map(spaceOf)

    assert.deepEqual(
      levels.map((header) => /level=(\w+)/.exec(header)?.[1]),
      ['normal', 'near', 'critical'],
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { basicAuthenticator } from '../../src/auth/basic.ts'
import { type Answer, ask } from '../support/ask.ts'
import { KIB, randomBytes } from '../support/content.ts'
import { asking, childrenOf, parseXml, propfind } from '../support/multistatus.ts'
import { serverWith } from '../support/server.ts'
import { upload } from '../support/upload.ts'
import { grantedSeconds, lock } from './lock-request.ts'

// What file managers and mounts send, replayed. davfs2, gvfs, rclone and cadaver themselves run in their own tests.
const QUOTA = 'D:quota-not-exceeded'
const NUMBERS = ['quota-available-bytes', 'quota-used-bytes'] as const

describe('Cyberduck', () => {
  it('reads the quota of each folder, probes by HEAD, and takes 507 for a full quota (CYB-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'MKCOL /folder/')
    await ask(server, 'PUT /folder/a.bin', { body: randomBytes(4000) })

    const listed = await propfind(server, '/', { depth: '1', body: asking('resourcetype', ...NUMBERS) })
    const folder = listed.find(({ href }) => href === '/folder/')
    const [file] = await propfind(server, '/folder/a.bin', { body: asking(...NUMBERS) })
    const probed = [await ask(server, 'HEAD /folder/'), await ask(server, 'HEAD /folder/missing')]
    const refused = await upload(server, '/folder/b.bin', randomBytes(7000), { expects100: true })

    assert.equal(folder?.found.get('DAV:quota-available-bytes')?.text, '6000')
    assert.ok(folder?.found.has('DAV:quota-used-bytes'))
    assert.deepEqual(file?.missing, ['DAV:quota-available-bytes', 'DAV:quota-used-bytes'])
    assert.deepEqual(probed.map(statusOf), [200, 404])
    assert.deepEqual([refused.status, refused.condition, refused.sentBytes], [507, QUOTA, 0])
  })
})

describe('WinSCP', () => {
  it('shows the space available, locks a file, sees the lock, edits and unlocks (WSC-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'PUT /a.txt', { body: 'old' })

    const [root] = await propfind(server, '/', { body: asking(...NUMBERS) })
    const { answer: locked, token, submitted } = await lock(server, '/a.txt', { owner: 'alice' })
    const [found] = await propfind(server, '/a.txt', { body: asking('lockdiscovery') })
    const stranger = await ask(server, 'PUT /a.txt', { body: 'by somebody else' })
    const saved = await ask(server, 'PUT /a.txt', { headers: { If: submitted }, body: 'new' })
    const unlocked = await ask(server, 'UNLOCK /a.txt', { headers: { 'Lock-Token': `<${token}>` } })

    assert.equal(root?.found.get('DAV:quota-available-bytes')?.text, '9997')
    assert.ok(found?.found.get('DAV:lockdiscovery')?.text.includes(token))
    assert.deepEqual([locked, stranger, saved, unlocked].map(statusOf), [200, 423, 204, 204])
  })
})

describe('DAVx5 mounts', () => {
  it('need class 1, the quota, and an answer for current-user-privilege-set (DVX-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    await ask(server, 'PUT /a.txt', { body: 'x' })
    const names = ['resourcetype', 'displayname', 'getetag', 'current-user-privilege-set', ...NUMBERS]

    const options = await ask(server, 'OPTIONS /')
    const members = await propfind(server, '/', { depth: '1', body: asking(...names) })

    assert.match(String(options.headers.dav), /^1\b/)
    assert.equal(members[0]?.found.get('DAV:quota-available-bytes')?.text, '9999')
    for (const { found, missing } of members) {
      const known = new Set([...found.keys(), ...missing])
      assert.ok(known.has('DAV:current-user-privilege-set'))
    }
  })

  it('read pages of a file by Range, held to one version by If-Match (DVX-01)', async (test) => {
    const server = await serverWith(test)
    const body = randomBytes(300 * KIB)
    const stored = await ask(server, 'PUT /a.bin', { body })
    const headers = { Range: 'bytes=131072-262143', 'If-Match': String(stored.headers.etag) }

    const page = await ask(server, 'GET /a.bin', { headers })
    await ask(server, 'PUT /a.bin', { body: randomBytes(300 * KIB) })
    const stale = await ask(server, 'GET /a.bin', { headers })

    assert.deepEqual([page.status, stale.status], [206, 412])
    assert.equal(page.headers['content-range'], `bytes 131072-262143/${300 * KIB}`)
    assert.deepEqual(page.bytes, Buffer.from(body.subarray(131072, 262144)))
  })
})

describe('providers of the iOS Files app', () => {
  it('log in by Basic, list with Depth 1 and put with Expect (IOS-01)', async (test) => {
    const users = [{ name: 'alice', password: 'secret' }]
    const authenticate = await basicAuthenticator(users)
    const server = await serverWith(test, { authenticate, limitBytes: 10_000 })
    const Authorization = `Basic ${btoa('alice:secret')}`

    const challenged = await ask(server, 'PROPFIND /', { headers: { Depth: '1' } })
    const stored = await upload(server, '/a.bin', randomBytes(5000), {
      expects100: true,
      headers: { Authorization },
    })
    const refused = await upload(server, '/b.bin', randomBytes(6000), {
      expects100: true,
      headers: { Authorization },
    })
    const listed = await ask(server, 'PROPFIND /', { headers: { Depth: '1', Authorization } })

    assert.equal(challenged.status, 401)
    assert.match(String(challenged.headers['www-authenticate']), /^Basic /)
    assert.deepEqual([stored.status, stored.continued], [201, true])
    assert.deepEqual([refused.status, refused.continued], [507, false])
    assert.deepEqual(
      childrenOf(parseXml(listed.text), 'DAV:response').map((response) => response.children[0]?.text),
      ['/', '/a.bin'],
    )
  })
})

describe('KDE', () => {
  it('lists with a Depth, locks, copies, and makes and puts at the same time (KIO-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 100 * KIB })

    const made = await Promise.all(Array.from({ length: 8 }, () => ask(server, 'MKCOL /folder')))
    const stored = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        ask(server, `PUT /folder/${index}.bin`, { body: randomBytes(KIB) }),
      ),
    )
    const { answer: locked } = await lock(server, '/folder/0.bin')
    const copied = await ask(server, 'COPY /folder/', {
      headers: { Destination: `${server.url}/copy/`, Depth: 'infinity', Overwrite: 'F' },
    })
    const listed = await propfind(server, '/copy/', { depth: '1' })
    const refused = await ask(server, 'PUT /big.bin', { body: randomBytes(100 * KIB) })

    assert.deepEqual(made.map(statusOf).sort(), [201, ...Array.from({ length: 7 }, () => 405)])
    assert.deepEqual(new Set(stored.map(statusOf)), new Set([201]))
    assert.deepEqual([locked, copied, refused].map(statusOf), [200, 201, 507])
    assert.equal(listed.length, 17)
    assert.equal(server.countedBytes(), 32 * KIB)
  })
})

describe('GNOME', () => {
  for (const limitBytes of [null, 1000, Number.MAX_SAFE_INTEGER]) {
    it(`reads plain decimals of at most 63 bits where the limit is ${limitBytes} (GVFS-01)`, async (test) => {
      const server = await serverWith(test, { limitBytes })

      const [root] = await propfind(server, '/', { body: asking(...NUMBERS) })

      for (const name of NUMBERS) {
        const text = root?.found.get(`DAV:${name}`)?.text ?? ''
        assert.match(text, /^(0|[1-9]\d*)$/)
        assert.ok(BigInt(text) < 2n ** 63n, text)
      }
    })
  }

  it('replaces by PUT with If-Match, or by a temporary file and a MOVE, and hears of 507 (GVFS-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const first = await ask(server, 'PUT /a.txt', { body: 'one' })

    const second = await ask(server, 'PUT /a.txt', {
      headers: { 'If-Match': String(first.headers.etag) },
      body: 'two',
    })
    const stale = await ask(server, 'PUT /a.txt', {
      headers: { 'If-Match': String(first.headers.etag) },
      body: 'three',
    })
    await ask(server, 'PUT /.goutputstream-ABC', { body: 'four' })
    const moved = await ask(server, 'MOVE /.goutputstream-ABC', {
      headers: { Destination: `${server.url}/a.txt`, Overwrite: 'T' },
    })
    const refused = await ask(server, 'PUT /.goutputstream-DEF', { body: randomBytes(10_000) })

    assert.deepEqual([second, stale, moved, refused].map(statusOf), [204, 412, 204, 507])
    assert.equal(refused.reason, 'Insufficient Storage')
    assert.equal((await ask(server, 'GET /a.txt')).text, 'four')
  })
})

describe('davfs2', () => {
  it('relies on strong ETags, on If-Match, on refreshed locks and on Expect (DFS-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000 })
    const { answer: locked, submitted } = await lock(server, '/a.bin', {
      headers: { Timeout: 'Second-1800' },
    })
    const stored = await upload(server, '/a.bin', randomBytes(100), {
      expects100: true,
      headers: { If: submitted },
    })
    const etag = String(stored.headers.etag)

    const matching = await ask(server, 'PUT /a.bin', {
      headers: { If: submitted, 'If-Match': etag },
      body: 'x',
    })
    const stale = await ask(server, 'PUT /a.bin', { headers: { If: submitted, 'If-Match': etag }, body: 'y' })
    const refreshed = await ask(server, 'LOCK /a.bin', { headers: { If: submitted, Timeout: 'Second-600' } })

    assert.deepEqual([locked.status, grantedSeconds(locked)], [201, 1800])
    assert.deepEqual([stored.status, stored.continued], [204, true])
    assert.match(etag, /^"[^"]+"$/)
    assert.deepEqual([matching, stale, refreshed].map(statusOf), [204, 412, 200])
  })
})

describe('rclone', () => {
  it('asks for everything without a body, of a file by Depth 0 and a folder by Depth 1 (RCL-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /folder/')
    await ask(server, 'PUT /folder/a.txt', { body: 'four' })

    const [file] = await propfind(server, '/folder/a.txt')
    const members = await propfind(server, '/folder', { depth: '1' })

    assert.equal(file?.found.get('DAV:resourcetype')?.children.length, 0)
    assert.equal(file?.found.get('DAV:getcontentlength')?.text, '4')
    assert.deepEqual(
      members.map(({ href, found }) => [href, found.get('DAV:resourcetype')?.children.length]),
      [
        ['/folder/', 1],
        ['/folder/a.txt', 0],
      ],
    )
  })

  it('reads every refusal as a DAV:error (RCL-02)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    await lock(server, '/locked.txt')

    const refusals = [
      await ask(server, 'GET /missing'),
      await ask(server, 'PUT /missing/a.txt', { body: 'x' }),
      await ask(server, 'MKCOL /locked.txt'),
      await ask(server, 'PUT /locked.txt', { body: 'x' }),
      await ask(server, 'PUT /big.bin', { body: randomBytes(1001) }),
    ]

    assert.deepEqual(refusals.map(statusOf), [404, 409, 405, 423, 507])
    for (const { text, headers } of refusals) {
      assert.match(String(headers['content-type']), /^application\/xml/)
      assert.equal(parseXml(text).name, 'DAV:error')
    }
  })

  it('repeats 423 and never 507, so 423 is said of locks alone (RCL-04)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    await ask(server, 'PUT /a.bin', { body: randomBytes(800) })
    const { token } = await lock(server, '/a.bin')

    const locked = await ask(server, 'PUT /a.bin', { body: randomBytes(1001) })
    await ask(server, 'UNLOCK /a.bin', { headers: { 'Lock-Token': `<${token}>` } })
    const refused = [
      await ask(server, 'PUT /a.bin', { body: randomBytes(1001) }),
      await ask(server, 'COPY /a.bin', { headers: { Destination: `${server.url}/b.bin` } }),
    ]

    assert.equal(locked.status, 423)
    assert.deepEqual(refused.map(statusOf), [507, 507])
    assert.deepEqual(
      refused.map(({ headers }) => headers['retry-after']),
      [undefined, undefined],
    )
  })
})

function statusOf({ status }: Answer): number {
  return status
}

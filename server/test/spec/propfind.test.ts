import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { asking, childrenOf, type Member, membersOf, parseXml, propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'

const LIVE = [
  'DAV:creationdate',
  'DAV:displayname',
  'DAV:getcontentlength',
  'DAV:getcontenttype',
  'DAV:getetag',
  'DAV:getlastmodified',
  'DAV:lockdiscovery',
  'DAV:resourcetype',
  'DAV:supportedlock',
]
const OF_FILES = ['DAV:getcontentlength', 'DAV:getcontenttype', 'DAV:getetag']
const SPACE = '{urn:uuid:d50f96e6-7447-4bc9-bd71-c4ac6bb19aef}space'
const QUOTA = ['DAV:quota-available-bytes', 'DAV:quota-used-bytes']

async function serverWithTree(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test)
  await ask(server, 'MKCOL /a')
  await ask(server, 'MKCOL /a/b')
  await ask(server, 'PUT /a/b/deep.txt', { body: 'deep' })
  await ask(server, 'PUT /a/file.txt', { body: 'hello' })
  return server
}

function hrefsOf(members: readonly Member[]): string[] {
  return members.map(({ href }) => href).sort()
}

describe('the depth of a PROPFIND (RFC 4918 §9.1, §10.2)', () => {
  it('is 0 for the resource itself (PF-01)', async (test) => {
    const server = await serverWithTree(test)

    assert.deepEqual(hrefsOf(await propfind(server, '/a/')), ['/a/'])
    assert.deepEqual(hrefsOf(await propfind(server, '/a/file.txt')), ['/a/file.txt'])
  })

  it('is 1 for its members too (PF-01)', async (test) => {
    const server = await serverWithTree(test)

    const members = await propfind(server, '/a/', { depth: '1' })

    assert.equal(members[0]?.href, '/a/')
    assert.deepEqual(hrefsOf(members), ['/a/', '/a/b/', '/a/file.txt'])
  })

  it('may be infinity for a file (PF-01)', async (test) => {
    const server = await serverWithTree(test)

    const members = await propfind(server, '/a/file.txt', { depth: 'infinity' })

    assert.deepEqual(hrefsOf(members), ['/a/file.txt'])
  })

  it('is refused as infinity for a collection, with the condition (PF-02, MS-04)', async (test) => {
    const server = await serverWithTree(test)

    for (const depth of ['infinity', 'Infinity']) {
      const { status, text } = await ask(server, 'PROPFIND /a/', { headers: { Depth: depth } })
      const error = parseXml(text)
      assert.deepEqual([status, error.name], [403, 'DAV:error'])
      assert.equal(error.children[0]?.name, 'DAV:propfind-finite-depth')
    }
  })

  it('is infinity where it is missing (PF-03)', async (test) => {
    const server = await serverWithTree(test)

    const { status, text } = await ask(server, 'PROPFIND /a/')

    assert.equal(status, 403)
    assert.match(text, /<D:propfind-finite-depth\/>/)
  })

  it('is refused as anything else (PF-04)', async (test) => {
    const server = await serverWithTree(test)

    for (const depth of ['2', '-1', '1,noroot', 'all', '', '0, 1', '00']) {
      assert.equal((await ask(server, 'PROPFIND /a/', { headers: { Depth: depth } })).status, 400, depth)
    }
  })
})

describe('what a PROPFIND asks for (RFC 4918 §9.1)', () => {
  it('is everything when it has no body or asks for allprop (PF-05, PF-06)', async (test) => {
    const server = await serverWithTree(test)

    for (const body of [undefined, '<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>']) {
      const asked = body === undefined ? {} : { body }
      const [file] = await propfind(server, '/a/file.txt', asked)
      const [collection] = await propfind(server, '/a/', asked)
      assert.deepEqual([...(file?.found.keys() ?? [])].sort(), LIVE)
      assert.deepEqual(
        [...(collection?.found.keys() ?? [])].sort(),
        LIVE.filter((name) => !OF_FILES.includes(name)),
      )
      assert.deepEqual([file?.missing, collection?.missing], [[], []])
    }
  })

  it('is more when allprop includes it (PF-07)', async (test) => {
    const server = await serverWithTree(test)
    const include = '<D:quota-used-bytes/><D:displayname/><x:none xmlns:x="urn:x"/>'

    const [member] = await propfind(server, '/a/', {
      body: `<D:propfind xmlns:D="DAV:"><D:allprop/><D:include>${include}</D:include></D:propfind>`,
    })

    assert.equal(member?.found.has('DAV:quota-used-bytes'), true)
    assert.equal(member?.found.has('DAV:resourcetype'), true)
    assert.deepEqual(member?.missing, ['{urn:x}none'])
  })

  it('is the names alone, those of quota included, when it asks for propname (PF-08)', async (test) => {
    const server = await serverWithTree(test)
    const body = '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>'

    const [file] = await propfind(server, '/a/file.txt', { body })
    const [collection] = await propfind(server, '/a/', { body })

    assert.deepEqual([...(file?.found.keys() ?? [])].sort(), LIVE)
    assert.deepEqual(
      [...(collection?.found.keys() ?? [])].sort(),
      [...LIVE.filter((name) => !OF_FILES.includes(name)), ...QUOTA, SPACE].sort(),
    )
    for (const element of file?.found.values() ?? []) {
      assert.deepEqual([element.text, element.children], ['', []], element.name)
    }
  })

  it('is told as 404 where the server does not have it (PF-09)', async (test) => {
    const server = await serverWithTree(test)
    const body =
      '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/><D:nothing/><x:y xmlns:x="urn:x"/></D:prop></D:propfind>'

    const [member] = await propfind(server, '/a/file.txt', { body })
    const [none] = await propfind(server, '/a/file.txt', { body: asking('nothing') })

    assert.deepEqual([...(member?.found.keys() ?? [])], ['DAV:getetag'])
    assert.deepEqual([...(member?.missing ?? [])].sort(), ['DAV:nothing', '{urn:x}y'])
    assert.deepEqual([none?.found.size, none?.missing], [0, ['DAV:nothing']])
  })

  it('comes once, however often it is asked for (PF-10)', async (test) => {
    const server = await serverWithTree(test)

    const [member] = await propfind(server, '/a/', {
      body: asking('getetag', 'displayname', 'displayname', 'getetag'),
    })

    const properties = childrenOf(member?.element ?? assert.fail(), 'DAV:propstat')
      .flatMap((propstat) => childrenOf(propstat, 'DAV:prop'))
      .flatMap(({ children }) => children.map(({ name }) => name))
    assert.deepEqual(properties.sort(), ['DAV:displayname', 'DAV:getetag'])
  })

  it('may be nothing (PF-09)', async (test) => {
    const server = await serverWithTree(test)

    const [member] = await propfind(server, '/a/', { body: asking() })

    assert.deepEqual([member?.found.size, member?.missing], [0, []])
  })

  it('is 404 where nothing is (PF-13)', async (test) => {
    const server = await serverWithTree(test)

    for (const target of ['/missing', '/a/file.txt/below', '/a/missing/']) {
      assert.equal((await ask(server, `PROPFIND ${target}`, { headers: { Depth: '0' } })).status, 404, target)
    }
  })

  it('is refused with a prefix that is not bound (PF-14)', async (test) => {
    const server = await serverWithTree(test)
    const bodies = [
      '<D:propfind xmlns:D="DAV:"><D:prop><x:y/></D:prop></D:propfind>',
      '<D:propfind xmlns:D="DAV:"><D:prop><x:y xmlns:x=""/></D:prop></D:propfind>',
    ]

    for (const body of bodies) {
      assert.equal((await ask(server, 'PROPFIND /', { headers: { Depth: '0' }, body })).status, 400)
    }
  })
})

describe('the multistatus (RFC 4918 §13)', () => {
  it('holds one response for each member, side by side (PF-10, PF-12)', async (test) => {
    const server = await serverWith(test)
    for (let index = 0; index < 3000; index++) writeFileSync(join(server.folder, `f${index}`), '')

    const answer = await ask(server, 'PROPFIND /', { headers: { Depth: '1' }, body: asking('getetag') })

    const members = membersOf(answer)
    assert.equal(members.length, 3001)
    assert.equal(new Set(members.map(({ href }) => href)).size, 3001)
    assert.equal(answer.headers['content-length'], undefined)
  })

  it('gives each response an href and propstats with a status line and one prop (MS-01, MS-02, MS-06)', async (test) => {
    const server = await serverWithTree(test)

    for (const body of [asking('getetag', 'nothing'), asking('resourcetype'), asking()]) {
      for (const { element } of await propfind(server, '/a/', { depth: '1', body })) {
        assert.equal(childrenOf(element, 'DAV:href').length, 1)
        assert.equal(childrenOf(element, 'DAV:status').length, 0)
        const propstats = childrenOf(element, 'DAV:propstat')
        assert.ok(propstats.length >= 1)
        for (const propstat of propstats) {
          assert.equal(childrenOf(propstat, 'DAV:prop').length, 1)
          const [status] = childrenOf(propstat, 'DAV:status')
          assert.match(status?.text ?? '', /^HTTP\/1\.1 [245]\d\d \w+/)
        }
      }
    }
  })
})

describe('the live properties (RFC 4918 §15)', () => {
  it('give the time of creation as RFC 3339 has it (LP-01)', async (test) => {
    const server = await serverWithTree(test)

    for (const { found } of await propfind(server, '/a/', { depth: '1' })) {
      const text = found.get('DAV:creationdate')?.text ?? ''
      assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
      assert.ok(Math.abs(Date.parse(text) - Date.now()) < 60_000, text)
    }
  })

  it('show the last segment as the name (LP-02)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /Gr%C3%BC%C3%9Fe%20%26%20mehr.txt', { body: 'x' })

    const [, member] = await propfind(server, '/', { depth: '1' })

    assert.equal(member?.found.get('DAV:displayname')?.text, 'Grüße & mehr.txt')
  })

  it('tell length, type, tag and time as GET does (LP-03, LP-04, LP-05, LP-06)', async (test) => {
    const server = await serverWithTree(test)
    await ask(server, 'PUT /a/file.txt', { body: 'hello', headers: { 'Content-Type': 'text/x-own; a="b"' } })

    const { headers } = await ask(server, 'GET /a/file.txt')
    const [member] = await propfind(server, '/a/file.txt')

    const told = (name: string): string | undefined => member?.found.get(`DAV:${name}`)?.text
    assert.equal(told('getcontentlength'), headers['content-length'])
    assert.equal(told('getcontenttype'), headers['content-type'])
    assert.equal(told('getetag'), headers.etag)
    assert.equal(told('getlastmodified'), headers['last-modified'])
    assert.equal(told('getcontentlength'), '5')
    assert.match(told('getetag') ?? '', /^".+"$/)
  })

  it('have no length on collections (LP-03)', async (test) => {
    const server = await serverWithTree(test)

    const [member] = await propfind(server, '/a/', { body: asking('getcontentlength') })

    assert.deepEqual(member?.missing, ['DAV:getcontentlength'])
  })

  it('give the time of the last change on collections too, as HTTP has it (LP-06)', async (test) => {
    const server = await serverWithTree(test)

    for (const { found } of await propfind(server, '/a/', { depth: '1' })) {
      const text = found.get('DAV:getlastmodified')?.text ?? ''
      assert.equal(text, new Date(text).toUTCString())
    }
  })

  it('show an empty lockdiscovery where nothing is locked (LP-07)', async (test) => {
    const server = await serverWithTree(test)

    for (const { found } of await propfind(server, '/a/', { depth: '1', body: asking('lockdiscovery') })) {
      const property = found.get('DAV:lockdiscovery')
      assert.deepEqual([property?.text, property?.children], ['', []])
    }
  })

  it('tell collections from files (LP-08)', async (test) => {
    const server = await serverWithTree(test)

    const [file] = await propfind(server, '/a/file.txt', { body: asking('resourcetype') })
    const [collection] = await propfind(server, '/a', { body: asking('resourcetype') })

    const typesOf = (member?: Member): string[] | undefined =>
      member?.found.get('DAV:resourcetype')?.children.map(({ name }) => name)
    assert.deepEqual(typesOf(file), [])
    assert.deepEqual(typesOf(collection), ['DAV:collection'])
  })
})

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { parseSpace } from '../../src/config/space-limits.ts'
import { ask } from '../support/ask.ts'
import { childrenOf, type Element, parseXml, propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { removing, setting, update, verdicts } from '../support/spawned.ts'

const PROTECTED = '403 DAV:cannot-modify-protected-property'
const EXT = '{urn:uuid:d50f96e6-7447-4bc9-bd71-c4ac6bb19aef}'

async function serverWithFile(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 10_000_000 })
  await ask(server, 'PUT /a.txt', { body: 'hello' })
  await ask(server, 'MKCOL /folder')
  return server
}

/** The texts of the properties in the namespace `urn:z`. */
async function propertiesOf(server: TestServer, path: string): Promise<Record<string, string>> {
  const [member] = await propfind(server, path)
  const own = [...(member?.found ?? [])].filter(([name]) => name.startsWith('{urn:z}'))
  return Object.fromEntries(own.map(([name, { text }]) => [name, text]))
}

describe('PROPPATCH (RFC 4918 §9.2)', () => {
  it('stores any property on files and collections, the root included (PP-03, PP-06)', async (test) => {
    const server = await serverWithFile(test)

    for (const path of ['/a.txt', '/folder/', '/']) {
      const answer = await update(server, path, setting('z:color', 'red'))
      assert.deepEqual(verdicts(answer), { '{urn:z}color': '200' })
      assert.deepEqual(await propertiesOf(server, path), { '{urn:z}color': 'red' })
    }
  })

  it('follows the order of the document: the last instruction wins (PP-01)', async (test) => {
    const server = await serverWithFile(test)

    await update(
      server,
      '/a.txt',
      [
        setting('z:kept', 'first'),
        removing('z:kept'),
        setting('z:kept', 'last'),
        setting('z:gone', 'first'),
        removing('z:gone'),
      ].join(''),
    )

    assert.deepEqual(await propertiesOf(server, '/a.txt'), { '{urn:z}kept': 'last' })
  })

  it('makes all changes or none: with one refused, every other one fails with 424 (PP-02, PP-04)', async (test) => {
    const server = await serverWithFile(test)
    await update(server, '/a.txt', setting('z:old', 'kept'))
    const before = await server.space()

    const changes = [
      setting('z:new', 'x'),
      setting('D:getetag', '"x"'),
      removing('z:old'),
      setting('z:old', 'y'),
    ]
    const answer = await update(server, '/a.txt', changes.join(''))

    assert.deepEqual(verdicts(answer), {
      'DAV:getetag': PROTECTED,
      '{urn:z}new': '424',
      '{urn:z}old': '424',
    })
    assert.deepEqual(await propertiesOf(server, '/a.txt'), { '{urn:z}old': 'kept' })
    assert.deepEqual(await server.space(), before)
  })

  for (const name of [
    'creationdate',
    'getcontentlength',
    'getcontenttype',
    'getetag',
    'getlastmodified',
    'lockdiscovery',
    'resourcetype',
    'supportedlock',
    'quota-available-bytes',
    'quota-used-bytes',
  ]) {
    it(`neither sets nor removes ${name} (PP-05, PP-10, QUOTA-14)`, async (test) => {
      const server = await serverWithFile(test)

      const set = await update(server, '/folder', setting(`D:${name}`, '1'))
      const removed = await update(server, '/folder', removing(`D:${name}`))

      assert.deepEqual(verdicts(set), { [`DAV:${name}`]: PROTECTED })
      assert.deepEqual(verdicts(removed), { [`DAV:${name}`]: PROTECTED })
    })
  }

  it('removes a property, and one that is not there without complaint (PP-07)', async (test) => {
    const server = await serverWithFile(test)
    await update(server, '/a.txt', setting('z:color', 'red'))

    const answers = [
      await update(server, '/a.txt', removing('z:color')),
      await update(server, '/a.txt', removing('z:color')),
    ]

    for (const answer of answers) assert.deepEqual(verdicts(answer), { '{urn:z}color': '200' })
    assert.deepEqual(await propertiesOf(server, '/a.txt'), {})
  })

  it('lets displayname and getcontentlanguage be set, and shows the computed name again once it is removed (PP-08, LP-02)', async (test) => {
    const server = await serverWithFile(test)
    const displayName = async () => (await propfind(server, '/a.txt'))[0]?.found.get('DAV:displayname')?.text

    const answer = await update(
      server,
      '/a.txt',
      setting('D:displayname', 'My letter') + setting('D:getcontentlanguage', 'de'),
    )
    const named = await displayName()
    await update(server, '/a.txt', removing('D:displayname'))

    assert.deepEqual(verdicts(answer), { 'DAV:displayname': '200', 'DAV:getcontentlanguage': '200' })
    assert.deepEqual([named, await displayName()], ['My letter', 'a.txt'])
    const [member] = await propfind(server, '/a.txt')
    assert.equal(member?.found.get('DAV:getcontentlanguage')?.text, 'de')
  })

  it('refuses one value above the bound with 409 and says which (PP-09)', async (test) => {
    const server = await serverWithFile(test)

    const changes = setting('z:small', 'x') + setting('z:big', 'x'.repeat(70_000))
    const answer = await update(server, '/a.txt', changes)

    assert.deepEqual(verdicts(answer), { '{urn:z}big': `409 ${EXT}max-property-size`, '{urn:z}small': '424' })
    assert.match(answer.text, /max-property-size limit="65536"/)
    assert.deepEqual(await propertiesOf(server, '/a.txt'), {})
  })

  it('refuses more than one resource may have with 507 in the propstat (PP-09, STOR-17)', async (test) => {
    const server = await serverWith(test, { limits: { propertyBytesPerResource: 1000 } })
    await ask(server, 'PUT /a.txt', { body: 'hello' })
    const first = await update(server, '/a.txt', setting('z:first', 'x'.repeat(800)))

    const second = await update(server, '/a.txt', setting('z:second', 'x'.repeat(800)))
    const instead = await update(server, '/a.txt', removing('z:first') + setting('z:second', 'x'.repeat(800)))

    assert.deepEqual(verdicts(first), { '{urn:z}first': '200' })
    assert.deepEqual(verdicts(second), { '{urn:z}second': '507 DAV:quota-not-exceeded' })
    assert.deepEqual(verdicts(instead), { '{urn:z}first': '200', '{urn:z}second': '200' })
  })

  it('says in words which space has no room for a property, and how much is left (STOR-02, MX-20)', async (test) => {
    const server = await serverWith(test, { spaces: [parseSpace('/team:limit=100')] })
    await ask(server, 'MKCOL /team')
    await ask(server, 'MKCOL /team/d')

    const long = setting('z:long', 'x'.repeat(500))
    const answer = await update(server, '/team/d', long + setting('z:short', 'x'))

    const [response] = parseXml(answer.text).children
    const [refused, dependent] = response === undefined ? [] : childrenOf(response, 'DAV:propstat')
    const words = [refused, dependent].map((each) => each?.children.map(({ name }) => name))
    assert.deepEqual(words, [
      ['DAV:prop', 'DAV:status', 'DAV:error', 'DAV:responsedescription'],
      ['DAV:prop', 'DAV:status'],
    ])
    assert.match(refused?.children.at(-1)?.text ?? '', /^\d{3} bytes are needed, 100 are left in \/team$/)
  })

  it('is a 404 on what is not there and a 422 without an instruction', async (test) => {
    const server = await serverWithFile(test)

    const missing = await update(server, '/missing', setting('z:a', 'x'))
    const nothing = await update(server, '/a.txt', '')
    const empty = await ask(server, 'PROPPATCH /a.txt')

    assert.deepEqual([missing.status, nothing.status, empty.status], [404, 422, 422])
  })

  it('leaves ETag and content as they are', async (test) => {
    const server = await serverWithFile(test)
    const before = await ask(server, 'GET /a.txt')

    await update(server, '/a.txt', setting('z:color', 'red'))

    const after = await ask(server, 'GET /a.txt')
    assert.deepEqual([after.headers.etag, after.text], [before.headers.etag, before.text])
  })

  it('never shows half of an update to those who read meanwhile (PP-02)', async (test) => {
    const server = await serverWithFile(test)
    await update(server, '/a.txt', setting('z:one', '0') + setting('z:two', '0'))
    let updating = true
    const read = async (): Promise<Record<string, string>[]> => {
      const seen: Record<string, string>[] = []
      while (updating) seen.push(await propertiesOf(server, '/a.txt'))
      return seen
    }

    const reader = read()
    for (let version = 1; version <= 50; version++) {
      await update(server, '/a.txt', setting('z:one', String(version)) + setting('z:two', String(version)))
    }
    updating = false

    const halves = (await reader).filter((seen) => seen['{urn:z}one'] !== seen['{urn:z}two'])
    assert.deepEqual(halves, [])
  })

  it('names the resource by its URL, a collection with its slash (MS-01, MS-02)', async (test) => {
    const server = await serverWithFile(test)

    const answer = await update(server, '/folder', setting('z:color', 'red'))

    const [response] = parseXml(answer.text).children
    const texts = (element: Element | undefined): unknown =>
      element?.children.map(({ name, text }) => [name, text])
    assert.deepEqual(texts(response), [
      ['DAV:href', '/folder/'],
      ['DAV:propstat', 'HTTP/1.1 200 OK'],
    ])
  })
})

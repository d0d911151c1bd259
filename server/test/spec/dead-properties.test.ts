import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { childrenOf, type Element, parseXml, propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { meaning, removing, setting, transfer, update, verdicts } from '../support/spawned.ts'

async function serverWithFile(test: TestContext): Promise<TestServer> {
  const server = await serverWith(test, { limitBytes: 10_000_000 })
  await ask(server, 'PUT /a.txt', { body: 'hello' })
  return server
}

/** The property elements of the first resource in an answer of PROPFIND, as they were written. */
async function property(server: TestServer, path: string, name: string): Promise<Element | undefined> {
  return (await propfind(server, path))[0]?.found.get(name)
}

function patch(server: TestServer, body: string): Promise<Answer> {
  return ask(server, 'PROPPATCH /a.txt', { headers: { 'Content-Type': 'application/xml' }, body })
}

describe('the value of a dead property (RFC 4918 §4.3)', () => {
  const values: [string, string][] = [
    ['text', 'plain'],
    ['nothing', ''],
    ['white space', '  two \n\t lines  '],
    ['characters beyond the basic plane', 'naïve 日本 😀'],
    ['escaped characters', '&lt;b&gt; &amp; &#xA9; &#39;'],
    ['elements', '<z:x><z:y/></z:x>'],
    ['mixed content', 'a<z:b>c</z:b>d<z:e/>f'],
    ['elements of another namespace', '<o:x xmlns:o="urn:other" o:p="1" q="2">y</o:x>'],
    ['elements of no namespace', '<x xmlns="">y</x>'],
    ['a default namespace', '<x xmlns="urn:default"><y/></x>'],
    ['attributes with quotes and tabs', '<z:x y="a&quot;b&apos;c&#9;d&#10;e"/>'],
  ]
  for (const [what, value] of values) {
    it(`comes back as it was sent: ${what} (PP-06)`, async (test) => {
      const server = await serverWithFile(test)
      const sent = parseXml(`<z:value xmlns:D="DAV:" xmlns:z="urn:z">${value}</z:value>`)

      const answer = await update(server, '/a.txt', setting('z:value', value))

      assert.deepEqual(verdicts(answer), { '{urn:z}value': '200' })
      const stored = await property(server, '/a.txt', '{urn:z}value')
      assert.deepEqual(stored && meaning(stored), meaning(sent))
    })
  }

  it('keeps CDATA as the text that it is', async (test) => {
    const server = await serverWithFile(test)

    await update(server, '/a.txt', setting('z:value', '<![CDATA[<b>&]]>'))

    assert.equal((await property(server, '/a.txt', '{urn:z}value'))?.text, '<b>&')
  })

  it('keeps xml:lang, its own and the one of an element around it', async (test) => {
    const server = await serverWithFile(test)

    await patch(
      server,
      `<D:propertyupdate xmlns:D="DAV:" xmlns:z="urn:z"><D:set><D:prop xml:lang="de">
        <z:outer>Brot</z:outer><z:own xml:lang="fr">pain</z:own></D:prop></D:set></D:propertyupdate>`,
    )

    const outer = await property(server, '/a.txt', '{urn:z}outer')
    const own = await property(server, '/a.txt', '{urn:z}own')
    assert.deepEqual([outer?.attributes['xml:lang'], own?.attributes['xml:lang']], ['de', 'fr'])
  })

  it('keeps its prefixes, also those that only a value uses', async (test) => {
    const server = await serverWithFile(test)

    await patch(
      server,
      `<D:propertyupdate xmlns:D="DAV:" xmlns:when="urn:z" xmlns:xs="urn:schema" xmlns:xsi="urn:instance">
        <D:set><D:prop><when:due xsi:type="xs:date">2031-01-01</when:due></D:prop></D:set></D:propertyupdate>`,
    )

    const { text } = await ask(server, 'PROPFIND /a.txt', { headers: { Depth: '0' } })
    const [, head] = /<(when:due [^>]*)>2031-01-01<\/when:due>/.exec(text) ?? []
    for (const part of ['xsi:type="xs:date"', 'xmlns:xs="urn:schema"', 'xmlns:xsi="urn:instance"']) {
      assert.ok(head?.includes(part), `${part} is not in ${head}`)
    }
  })

  it('tells names apart by namespace and letter case', async (test) => {
    const server = await serverWithFile(test)

    await patch(
      server,
      `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><color xmlns="urn:1">1</color><color xmlns="urn:2">2</color>
        <color xmlns="">3</color><Color xmlns="urn:1">4</Color></D:prop></D:set></D:propertyupdate>`,
    )

    const [member] = await propfind(server, '/a.txt')
    const colors = [...(member?.found ?? [])].filter(([name]) => /color$/i.test(name))
    assert.deepEqual(Object.fromEntries(colors.map(([name, { text }]) => [name, text])), {
      '{urn:1}color': '1',
      '{urn:2}color': '2',
      '{}color': '3',
      '{urn:1}Color': '4',
    })
  })

  it('may be a name of DAV: that the server does not know', async (test) => {
    const server = await serverWithFile(test)

    const answer = await update(server, '/a.txt', setting('D:unheard-of', 'x'))

    assert.deepEqual(verdicts(answer), { 'DAV:unheard-of': '200' })
    assert.equal((await property(server, '/a.txt', 'DAV:unheard-of'))?.text, 'x')
  })
})

describe('dead properties', () => {
  it('are in allprop and propname, and found by their names (PF-06, PF-08, PF-09)', async (test) => {
    const server = await serverWithFile(test)
    await update(server, '/a.txt', setting('z:color', 'red'))
    const ask1 = (inside: string) =>
      propfind(server, '/a.txt', {
        body: `<D:propfind xmlns:D="DAV:" xmlns:z="urn:z">${inside}</D:propfind>`,
      })

    const [all] = await ask1('<D:allprop/>')
    const [names] = await ask1('<D:propname/>')
    const [asked] = await ask1('<D:prop><z:color/><z:taste/></D:prop>')

    assert.equal(all?.found.get('{urn:z}color')?.text, 'red')
    assert.equal(names?.found.get('{urn:z}color')?.text, '')
    assert.deepEqual([asked?.found.get('{urn:z}color')?.text, asked?.missing], ['red', ['{urn:z}taste']])
  })

  it('are charged when they are set and given back when they are removed or shrink (QUOTA-11)', async (test) => {
    const server = await serverWithFile(test)
    const used = async () => (await server.space()).usedBytes
    const before = await used()

    await update(server, '/a.txt', setting('z:color', 'x'.repeat(2000)))
    const set = await used()
    await update(server, '/a.txt', setting('z:color', 'x'.repeat(1000)))
    const shrunk = await used()
    await update(server, '/a.txt', removing('z:color'))

    assert.ok(set - before >= 2000 && set - before < 2100, `${set - before} bytes were charged`)
    assert.deepEqual([set - shrunk, await used()], [1000, before])
  })

  it('stay when the content is replaced', async (test) => {
    const server = await serverWithFile(test)
    await update(server, '/a.txt', setting('z:color', 'red'))

    await ask(server, 'PUT /a.txt', { body: 'other content' })

    assert.equal((await property(server, '/a.txt', '{urn:z}color'))?.text, 'red')
  })

  it('go with a deleted tree, give back its bytes, and do not haunt what comes after it', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000_000 })
    const makeTree = async () => {
      for (const path of ['/tree', '/tree/sub']) await ask(server, `MKCOL ${path}`)
      await ask(server, 'PUT /tree/sub/a.txt', { body: 'hello' })
    }
    await makeTree()
    const paths = ['/tree', '/tree/sub', '/tree/sub/a.txt']
    for (const path of paths) await update(server, path, setting('z:color', 'x'.repeat(1000)))

    await ask(server, 'DELETE /tree')
    const { usedBytes } = await server.space()
    await makeTree()

    assert.equal(usedBytes, 0)
    for (const path of paths) assert.equal(await property(server, path, '{urn:z}color'), undefined, path)
  })

  it('follow a tree that is copied and one that is moved, and stay apart from names that only begin alike (CM-13, CM-14)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10_000_000 })
    for (const path of ['/tree', '/tree/sub', '/tree-2']) {
      await ask(server, `MKCOL ${path}`)
      await update(server, path, setting('z:color', path))
    }

    await transfer(server, 'COPY', '/tree', '/copied')
    await transfer(server, 'MOVE', '/tree', '/moved')

    const colors = await Promise.all(
      ['/copied', '/copied/sub', '/moved', '/moved/sub', '/tree-2'].map(
        async (path) => (await property(server, path, '{urn:z}color'))?.text,
      ),
    )
    assert.deepEqual(colors, ['/tree', '/tree/sub', '/tree', '/tree/sub', '/tree-2'])
  })

  it('are shown with each member of a listing, once (PF-10)', async (test) => {
    const server = await serverWith(test)
    for (const name of ['a', 'b', 'c']) {
      await ask(server, `PUT /${name}`, { body: name })
      await update(server, `/${name}`, setting('z:color', name))
    }

    const { text } = await ask(server, 'PROPFIND /', { headers: { Depth: '1' } })

    const responses = childrenOf(parseXml(text), 'DAV:response').slice(1)
    const colors = responses.map((response) =>
      childrenOf(response, 'DAV:propstat')
        .flatMap((propstat) => childrenOf(propstat, 'DAV:prop'))
        .flatMap((prop) => childrenOf(prop, '{urn:z}color'))
        .map((color) => color.text),
    )
    assert.deepEqual(colors.sort(), [['a'], ['b'], ['c']])
  })

  it('cost Windows nothing for the four it sets after every PUT, and set the time of the file', async (test) => {
    const server = await serverWith(test, { limitBytes: 5 })
    await ask(server, 'PUT /a.txt', { body: 'hello' })
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT'

    const four = ['CreationTime', 'LastAccessTime', 'LastModifiedTime'].map((name) => [`Win32${name}`, date])
    const settings = [...four, ['Win32FileAttributes', '00000020']].map(
      ([name, value]) => `<w:${name} xmlns:w="urn:schemas-microsoft-com:">${value}</w:${name}>`,
    )
    const answer = await update(server, '/a.txt', `<D:set><D:prop>${settings.join('')}</D:prop></D:set>`)

    assert.deepEqual([...new Set(Object.values(verdicts(answer)))], ['200'])
    assert.equal((await property(server, '/a.txt', 'DAV:getlastmodified'))?.text, date)
    assert.equal((await server.space()).usedBytes, 5)
  })
})

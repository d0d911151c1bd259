import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DavError, type ErrorCode } from '../../core/errors.ts'
import { dav } from './names.ts'
import { childElements, readXml, textOf, XML_LIMITS, type XmlElement } from './read.ts'

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function bodyOf(text: string, size = 7): AsyncGenerator<Uint8Array> {
  return chunksOf(new TextEncoder().encode(text), size)
}

async function read(text: string, size = 7): Promise<XmlElement> {
  const root = await readXml(bodyOf(text, size))
  assert.ok(root)
  return root
}

async function refuses(body: AsyncIterable<Uint8Array>, code: ErrorCode, says = /./): Promise<void> {
  await assert.rejects(
    readXml(body),
    (error: unknown) => error instanceof DavError && error.code === code && says.test(error.message),
  )
}

describe('readXml', () => {
  it('reads a PROPFIND, whatever the sizes of the chunks (XML-18)', async () => {
    const text =
      '<?xml version="1.0" encoding="utf-8"?>\r\n<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'

    for (const size of [1, 2, 3, 1000]) {
      const root = await read(text, size)

      assert.deepEqual(root.name, dav('propfind'))
      const [prop] = childElements(root, dav('prop'))
      assert.ok(prop)
      assert.deepEqual(
        childElements(prop).map((child) => child.name),
        [dav('getetag')],
      )
    }
  })

  it('says null for a body without bytes, and only for that (PF-01)', async () => {
    assert.equal(await readXml(bodyOf('')), null)
    assert.equal(await readXml(chunksOf(new Uint8Array(), 1)), null)
    await refuses(bodyOf(' '), 'bad-request')
    await refuses(chunksOf(Uint8Array.of(0xff, 0xfe), 1), 'bad-request')
  })

  it('keeps namespaces, prefixes, attributes, declarations and white space (XML-14)', async () => {
    const root = await read('<a xmlns="u:1" xmlns:x="u:2" b="1" x:b="&lt;2&#10;"> \n<x:c/> t </a>')

    assert.deepEqual(root, {
      name: { ns: 'u:1', local: 'a' },
      prefix: '',
      attributes: [
        { name: { ns: '', local: 'b' }, prefix: '', value: '1' },
        { name: { ns: 'u:2', local: 'b' }, prefix: 'x', value: '<2\n' },
      ],
      declarations: [
        { prefix: '', ns: 'u:1' },
        { prefix: 'x', ns: 'u:2' },
      ],
      children: [
        ' \n',
        {
          name: { ns: 'u:2', local: 'c' },
          prefix: 'x',
          attributes: [],
          declarations: [],
          children: [],
          lang: null,
        },
        ' t ',
      ],
      lang: null,
    })
  })

  it('reads names in no namespace (XML-15)', async () => {
    const root = await read('<D:prop xmlns:D="DAV:" xmlns="u:"><a xmlns=""/><b/></D:prop>')

    assert.deepEqual(
      childElements(root).map((child) => child.name),
      [
        { ns: '', local: 'a' },
        { ns: 'u:', local: 'b' },
      ],
    )
  })

  it('knows the xml:lang in scope (XML-14)', async () => {
    const root = await read(
      '<a><b xml:lang="de"><c/><d xml:lang="fr"/><e xml:lang=""/></b><f lang="no"/></a>',
    )

    const langs: [string, string | null][] = []
    const visit = (element: XmlElement): void => {
      langs.push([element.name.local, element.lang])
      childElements(element).forEach(visit)
    }
    visit(root)
    assert.deepEqual(langs, [
      ['a', null],
      ['b', 'de'],
      ['c', 'de'],
      ['d', 'fr'],
      ['e', null],
      ['f', null],
    ])
  })

  it('joins text around comments, processing instructions and CDATA (XML-13)', async () => {
    const root = await read('<!-- a --><?b?><a>1<!-- 2 -->3<?p 4?>5<![CDATA[<6>]]>7</a><!-- c -->')

    assert.deepEqual(root.children, ['135<6>7'])
  })

  it('counts no node for text that is joined to other text (XML-12)', async () => {
    const root = await read(`<a>${'x<!---->'.repeat(XML_LIMITS.maxNodes)}</a>`, 65_536)

    assert.equal(textOf(root).length, XML_LIMITS.maxNodes)
  })

  const malformed = [
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a/>text',
    'text',
    '<a b=1/>',
    '<a b="1" b="2"/>',
    '<a>&nbsp;</a>',
    '<a>&#0;</a>',
    '<a>\u0001</a>',
    '<a>]]></a>',
    '<?xml version="1.0"?',
    ' <?xml version="1.0"?><a/>',
    '<x:a/>',
    '<a x:b=""/>',
    '<x:a xmlns:x=""/>',
    '<a xmlns:x="u" xmlns:y="u" x:b="" y:b=""/>',
    '<xmlns:a/>',
    '<x:1 xmlns:x="u"/>',
    '<a xmlns:x="u" x:-b=""/>',
    '<a:b:c xmlns:a="u"/>',
    '<?xml version="1.1"?><a>&#1;</a>',
  ]
  for (const text of malformed) {
    it(`refuses ${JSON.stringify(text)} (XML-01, PF-14)`, async () => {
      await refuses(bodyOf(text, 1), 'bad-request')
      await refuses(bodyOf(text, 1000), 'bad-request')
    })
  }

  it('throws nothing but DavError (XML-01)', async () => {
    const markup = fc.string({
      unit: fc.constantFrom(
        '<',
        '>',
        '/',
        'a',
        ':',
        '=',
        '"',
        ' ',
        '!',
        '-',
        '?',
        '[',
        ']',
        '&',
        ';',
        'xmlns',
        'xml',
        '<!DOCTYPE',
        '<![CDATA[',
      ),
    })

    await fc.assert(
      fc.asyncProperty(fc.oneof(markup, fc.string()), fc.integer({ min: 1, max: 9 }), async (text, size) => {
        try {
          await readXml(bodyOf(text, size))
        } catch (error) {
          assert.ok(error instanceof DavError, String(error))
        }
      }),
    )
  })

  it('lets an error of the body itself fly', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('<a>')
      throw new DavError('body-incomplete', 'the connection ended')
    }

    await refuses(broken(), 'body-incomplete')
  })
})

describe('readXml, limits', () => {
  it('accepts 1 MiB and refuses more without reading on (XML-12, XML-18)', async () => {
    const filler = (bytes: number) => `<a>${'x'.repeat(bytes - 7)}</a>`

    assert.equal(textOf(await read(filler(XML_LIMITS.maxBytes), 65_536)).length, XML_LIMITS.maxBytes - 7)
    await refuses(bodyOf(filler(XML_LIMITS.maxBytes + 1), 65_536), 'xml-too-large')

    let pulled = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('<a>')
      for (;;) {
        pulled += 1
        yield new Uint8Array(1024).fill(0x78)
      }
    }
    await refuses(endless(), 'xml-too-large')
    assert.equal(pulled, 1024)
  })

  it('accepts 64 nested elements and refuses 65 (XML-12)', async () => {
    const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)

    await read(nested(64))
    await refuses(bodyOf(nested(65)), 'bad-request', /nested deeper/)
    await read(`<r>${'<a><b/></a>'.repeat(100)}</r>`)
  })

  it('refuses 100,000 nested tags before their namespaces are looked up (XML-12)', async () => {
    await refuses(
      bodyOf('<a xmlns:x="u">'.repeat(100_000).slice(0, XML_LIMITS.maxBytes), 65_536),
      'bad-request',
      /nested deeper/,
    )
    await refuses(bodyOf('<a>'.repeat(100_000), 65_536), 'bad-request', /nested deeper/)
  })

  it('accepts 10,000 nodes and refuses more (XML-12)', async () => {
    await read(`<r>${'<a/>'.repeat(9_999)}</r>`, 65_536)
    await refuses(bodyOf(`<r>${'<a/>'.repeat(10_000)}</r>`, 65_536), 'bad-request', /more than 10000/)
    await refuses(bodyOf(`<r>${'t<a/>'.repeat(5_000)}</r>`, 65_536), 'bad-request', /more than 10000/)
  })

  it('accepts 256 attributes of one element and refuses more (XML-12)', async () => {
    const attributes = (count: number) =>
      Array.from({ length: count }, (_, index) => ` a${index}=""`).join('')

    await read(`<r${attributes(256)}><b${attributes(256)}/></r>`, 65_536)
    await refuses(bodyOf(`<r${attributes(257)}/>`, 65_536), 'bad-request', /more than 256/)
    await refuses(bodyOf(`<r${attributes(256)} xmlns="u"/>`, 65_536), 'bad-request', /more than 256/)
  })

  it('refuses 1 MiB of attributes (XML-12)', async () => {
    const attributes = Array.from({ length: 90_000 }, (_, index) => ` a${index}=""`).join('')

    await refuses(
      bodyOf(`<a${attributes.slice(0, XML_LIMITS.maxBytes - 2)}`, 65_536),
      'bad-request',
      /more than 256/,
    )
  })
})

describe('childElements and textOf', () => {
  it('choose elements by their whole name', async () => {
    const root = await read('<a xmlns:D="DAV:">t<D:b/><b/><D:b>u</D:b></a>')

    assert.equal(childElements(root).length, 3)
    assert.deepEqual(childElements(root, dav('b')).map(textOf), ['', 'u'])
  })

  it('collect the text of descendants in order', async () => {
    assert.equal(textOf(await read('<a>1<b>2<c>3</c></b> 4</a>')), '123 4')
  })
})

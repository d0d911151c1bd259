import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { XML_NS } from './names.ts'
import { childElements, readXml, type XmlElement } from './read.ts'
import { serializeContent, serializedChildren, serializeElement } from './serialize.ts'
import { batched, escapeAttribute, escapeText } from './write.ts'

async function read(text: string): Promise<XmlElement> {
  const root = await readXml(batched([text]))
  assert.ok(root)
  return root
}

async function firstChild(text: string): Promise<XmlElement> {
  const [child] = childElements(await read(text))
  assert.ok(child)
  return child
}

describe('serializeElement', () => {
  const verbatim = [
    '<a/>',
    '<a>text</a>',
    '<a> \n <b/> t <b>u</b></a>',
    '<x:a xmlns:x="u:x" x:b="1" c="2"><x:d xmlns:x="u:y"/><x:d/></x:a>',
    '<a xmlns="u:a"><b xmlns=""><c/></b><d/></a>',
    '<a xmlns:unused="u:x">unused:value</a>',
    '<a xml:lang="de"><b xml:lang=""/></a>',
    '<a xml:space="preserve"> </a>',
    '<a b="&lt;&amp;&quot;&#10;&#9;">&lt;&amp;&gt;&#13;</a>',
    '<né xmlns="u:é">日本 😀</né>',
  ]
  for (const text of verbatim) {
    it(`writes ${text} as it came (XML-08, XML-14)`, async () => {
      assert.equal(serializeElement(await read(text)), text)
    })
  }

  const inherited: [string, string, string][] = [
    ['<D:prop xmlns:D="DAV:" xmlns:x="u:x"><x:a/></D:prop>', '<x:a xmlns:x="u:x"/>', 'XML-14'],
    ['<D:prop xmlns:D="DAV:"><D:a/></D:prop>', '<D:a xmlns:D="DAV:"/>', 'XML-14'],
    ['<p xmlns="u:p"><a/></p>', '<a xmlns="u:p"/>', 'XML-14'],
    [
      '<p xmlns="u:p" xmlns:x="u:x"><x:a><b/></x:a></p>',
      '<x:a xmlns:x="u:x" xmlns="u:p"><b/></x:a>',
      'XML-14',
    ],
    ['<p xmlns:x="u:x"><a><x:b/><c x:d=""/></a></p>', '<a xmlns:x="u:x"><x:b/><c x:d=""/></a>', 'XML-14'],
    [
      '<p xmlns:x="u:1"><a><b xmlns:x="u:2"><x:c/></b><x:c/></a></p>',
      '<a xmlns:x="u:1"><b xmlns:x="u:2"><x:c/></b><x:c/></a>',
      'XML-14',
    ],
    ['<p xmlns:x="u:x"><a/></p>', '<a/>', 'XML-14'],
    ['<p xmlns="u:p"><a xmlns=""><b/></a></p>', '<a xmlns=""><b/></a>', 'XML-15'],
    ['<D:p xmlns:D="DAV:"><a/></D:p>', '<a/>', 'XML-15'],
    ['<p xml:lang="de"><a><b/></a></p>', '<a xml:lang="de"><b/></a>', 'XML-14'],
    ['<p xml:lang="de"><a xml:lang="fr"/></p>', '<a xml:lang="fr"/>', 'XML-14'],
    ['<p xml:lang="de"><a xml:lang=""/></p>', '<a xml:lang=""/>', 'XML-14'],
    ['<p xml:lang="&quot;&lt;"><a/></p>', '<a xml:lang="&quot;&lt;"/>', 'XML-14'],
  ]
  for (const [text, expected, requirement] of inherited) {
    it(`takes along what ${text} says about its child (${requirement})`, async () => {
      assert.equal(serializeElement(await firstChild(text)), expected)
    })
  }

  it('never declares the prefix xml (XML-14)', async () => {
    const text = `<a xmlns:xml="${XML_NS}" xml:lang="de"/>`

    assert.equal(serializeElement(await read(text)), '<a xml:lang="de"/>')
  })

  it('declares a long namespace once, not wherever it is used (XML-12)', async () => {
    const ns = `u:${'n'.repeat(1000)}`

    const text = serializeElement(await firstChild(`<p xmlns:x="${ns}"><a>${'<x:b/>'.repeat(500)}</a></p>`))

    assert.ok(text.length < 5000, `${text.length} characters`)
  })

  it('is undone by a parser (XML-08, XML-14, XML-15)', async () => {
    await fc.assert(
      fc.asyncProperty(anyDocument, async (text) => {
        const root = await read(text)

        assert.deepEqual(await read(serializeElement(root)), root)
      }),
    )
  })

  it('lets any part of a document mean the same elsewhere (XML-14, XML-15)', async () => {
    await fc.assert(
      fc.asyncProperty(anyDocument, async (text) => {
        for (const part of descendants(await read(text))) {
          const elsewhere = `<x:r xmlns:x="u:elsewhere" xmlns:y="u:r">${serializeElement(part)}</x:r>`

          assert.deepEqual(meaning(await firstChild(elsewhere)), meaning(part))
        }
      }),
    )
  })
})

describe('serializeContent', () => {
  it('writes the inside alone, each element able to stand by itself (LCK-13)', async () => {
    const owner = await read(
      '<D:owner xmlns:D="DAV:" xmlns:x="u:x"> Me <D:href>a&amp;b</D:href><x:y/></D:owner>',
    )

    assert.equal(serializeContent(owner), ' Me <D:href xmlns:D="DAV:">a&amp;b</D:href><x:y xmlns:x="u:x"/>')
  })

  it('is empty for an empty element', async () => {
    assert.equal(serializeContent(await read('<a b="c"/>')), '')
  })

  it('can be had piece by piece', async () => {
    assert.deepEqual([...serializedChildren(await read('<a>1<b/>2</a>'))], ['1', '<b/>', '2'])
  })
})

/** What must survive a move: all but the prefix declarations, which may come along; attributes without order. */
function meaning(element: XmlElement): unknown {
  return {
    name: element.name,
    prefix: element.prefix,
    lang: element.lang,
    attributes: element.attributes.filter(({ name }) => name.ns !== XML_NS),
    children: element.children.map((child) => (typeof child === 'string' ? child : meaning(child))),
  }
}

function descendants(element: XmlElement): XmlElement[] {
  return [element, ...childElements(element).flatMap(descendants)]
}

type Scope = ReadonlyMap<string, string>

/** Decisions from which a document is written; indices are taken modulo what there is to choose from. */
interface Draft {
  readonly declarations: readonly (readonly [string, string])[]
  readonly prefix: number
  readonly attributes: readonly { readonly prefix: number; readonly local: string; readonly value: string }[]
  readonly lang: string | null
  readonly children: readonly (Draft | string)[]
}

const anyText = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '\r', '\t', '<', '&', '>', '"', "'", 'x:', '日', '😀', ']'),
  maxLength: 6,
})

const { draft } = fc.letrec<{ draft: Draft }>((tie) => ({
  draft: fc.record(
    {
      declarations: fc.uniqueArray(
        fc.tuple(fc.constantFrom('x', 'y', 'D', ''), fc.constantFrom('u:1', 'u:2', 'DAV:', 'u:"<&')),
        { selector: ([prefix]) => prefix, maxLength: 3 },
      ),
      prefix: fc.nat(),
      attributes: fc.uniqueArray(
        fc.record({ prefix: fc.nat(), local: fc.constantFrom('a', 'b', 'c', 'd'), value: anyText }),
        { selector: ({ local }) => local, maxLength: 3 },
      ),
      lang: fc.option(fc.constantFrom('de', 'en-GB', '')),
      children: fc.array(fc.oneof({ depthSize: 'small' }, anyText, tie('draft')), { maxLength: 4 }),
    },
    { noNullPrototype: true },
  ),
}))

const anyDocument = draft.map((root) => documentOf(root, new Map([['', '']])))

function documentOf(draft: Draft, outer: Scope): string {
  // An empty namespace takes the default back, here in place of one in four.
  const declarations = draft.declarations.map(([prefix, ns]) =>
    prefix === '' && ns === 'u:2' ? (['', ''] as const) : ([prefix, ns] as const),
  )
  const scope = new Map([...outer, ...declarations])
  const prefixes = [...scope.keys()]
  const qualified = (index: number, local: string): string => {
    const prefix = prefixes[index % prefixes.length] ?? ''
    return prefix === '' ? local : `${prefix}:${local}`
  }
  const tag = qualified(draft.prefix, 'e')
  const head = [
    tag,
    ...declarations.map(
      ([prefix, ns]) => `${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(ns)}"`,
    ),
    ...draft.attributes.map(
      ({ prefix, local, value }) => `${qualified(prefix, local)}="${escapeAttribute(value)}"`,
    ),
    ...(draft.lang === null ? [] : [`xml:lang="${draft.lang}"`]),
  ]
  const inside = draft.children.map((child) =>
    typeof child === 'string' ? escapeText(child) : documentOf(child, scope),
  )
  return `<${head.join(' ')}>${inside.join('')}</${tag}>`
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readXml, textOf } from './read.ts'
import { batched, escapeAttribute, escapeText } from './write.ts'

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

/** What XML 1.0 lets a document contain: its Char production. */
const LEGAL = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u

describe('escapeText and escapeAttribute', () => {
  it('leave ordinary text alone', () => {
    for (const text of ['', 'plain', 'é日本 😀', 'a\tb\nc']) assert.equal(escapeText(text), text)
    assert.equal(escapeAttribute('é日本 😀'), 'é日本 😀')
  })

  it('escape markup (URI-04)', () => {
    assert.equal(escapeText('a<b>&c]]>'), 'a&lt;b&gt;&amp;c]]&gt;')
    assert.equal(escapeAttribute(`<"&'>`), '&lt;&quot;&amp;&#39;&gt;')
  })

  it('write white space that a parser would change as references (XML-14)', () => {
    assert.equal(escapeText('a\rb\n\tc'), 'a&#13;b\n\tc')
    assert.equal(escapeAttribute('a\r\n\tb'), 'a&#13;&#10;&#9;b')
  })

  it('drop what XML 1.0 cannot carry (XML-17)', () => {
    assert.equal(escapeText('a\u0000b\u001b\ufffe\uffff\ud800c\udc00'), 'abc')
    assert.equal(escapeAttribute('a\u0000b\u001b\ufffe\uffff\ud800c\udc00'), 'abc')
    assert.equal(escapeText('😀\ud83d'), '😀')
  })

  it('never let an illegal character out (XML-17)', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        (text) => {
          assert.match(escapeText(text), LEGAL)
          assert.match(escapeAttribute(text), LEGAL)
        },
      ),
    )
  })

  it('are undone by a parser (XML-14)', async () => {
    const legal = fc.string({ unit: 'binary' }).filter((text) => LEGAL.test(text))
    const anyText = fc.oneof(
      legal,
      fc.string({ unit: fc.constantFrom('\r', '\n', '\t', ' ', '&', '<', ']', '>', '"', "'") }),
    )

    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const root = await readXml(batched([`<a b="${escapeAttribute(text)}">${escapeText(text)}</a>`]))

        assert.ok(root)
        assert.equal(textOf(root), text)
        assert.equal(root.attributes[0]?.value, text)
      }),
    )
  })
})

describe('batched', () => {
  it('joins small parts and flushes when there is enough', async () => {
    const chunks = await collect(batched(['ab', 'cd', 'ef', 'g'], 4))

    assert.deepEqual(
      chunks.map((chunk) => Buffer.from(chunk).toString()),
      ['abcd', 'efg'],
    )
  })

  it('flushes about every 64 KiB and never holds the whole', async () => {
    let produced = 0
    function* parts(): Generator<string> {
      for (; produced < 200; produced++) yield 'x'.repeat(1024)
    }

    const first = await batched(parts()).next()

    assert.equal(first.value?.length, 65_536)
    assert.ok(produced < 70, `${produced} parts were made for the first piece`)
  })

  it('takes asynchronous parts and encodes UTF-8', async () => {
    async function* parts(): AsyncGenerator<string> {
      yield 'é'
      yield '😀'
    }

    assert.equal(Buffer.concat(await collect(batched(parts()))).toString(), 'é😀')
  })

  it('yields nothing for nothing', async () => {
    assert.deepEqual(await collect(batched(['', ''])), [])
  })
})

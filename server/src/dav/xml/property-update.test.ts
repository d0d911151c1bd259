import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError } from '../../core/errors.ts'
import { dav } from './names.ts'
import { type PropertyInstruction, parsePropertyUpdate } from './property-update.ts'
import { readXml, textOf } from './read.ts'
import { serializeElement } from './serialize.ts'
import { batched } from './write.ts'

async function parse(
  inside: string,
  { root = 'D:propertyupdate', attributes = 'xmlns:x="u:x"' } = {},
): Promise<readonly PropertyInstruction[]> {
  const element = await readXml(batched([`<${root} xmlns:D="DAV:" ${attributes}>${inside}</${root}>`]))
  assert.ok(element)
  return parsePropertyUpdate(element)
}

/** `set a=1` or `remove a`, so that tables stay readable. */
function shown(instruction: PropertyInstruction): string {
  const { kind, name } = instruction
  return kind === 'set' ? `set ${name.local}=${textOf(instruction.element)}` : `remove ${name.local}`
}

function set(properties: string): string {
  return `<D:set><D:prop>${properties}</D:prop></D:set>`
}

function remove(properties: string): string {
  return `<D:remove><D:prop>${properties}</D:prop></D:remove>`
}

/** The one property that is set, as it would be stored. */
async function stored(inside: string, attributes?: string): Promise<string> {
  const [instruction] = await parse(inside, attributes === undefined ? {} : { attributes })
  assert.ok(instruction?.kind === 'set')
  return serializeElement(instruction.element)
}

describe('parsePropertyUpdate', () => {
  const ordered: [string, string[], string][] = [
    [set('<x:a>1</x:a>'), ['set a=1'], 'PP-01'],
    [remove('<x:a/>'), ['remove a'], 'PP-01'],
    [
      set('<x:a>1</x:a><x:b>2</x:b>') + remove('<x:a/><x:c/>') + set('<x:a>3</x:a>'),
      ['set a=1', 'set b=2', 'remove a', 'remove c', 'set a=3'],
      'PP-01',
    ],
    [remove('<x:a/>') + set('<x:a>1</x:a>'), ['remove a', 'set a=1'], 'PP-01'],
    ['<D:set><D:prop><x:a/></D:prop><D:prop><x:b/></D:prop></D:set>', ['set a=', 'set b='], 'PP-01'],
    [set('<x:a>1</x:a><x:a>2</x:a>'), ['set a=1', 'set a=2'], 'PP-01'],
    [`<x:set/> t <D:other><D:prop><x:b/></D:prop></D:other>${set('<x:a/>')}`, ['set a='], 'XML-07'],
    [`<D:set><x:prop><x:b/></x:prop><D:prop>t<x:a/></D:prop></D:set>`, ['set a='], 'XML-07'],
    [`<D:set/>${remove('')}${remove('<x:a/>')}`, ['remove a'], 'PP-01'],
  ]
  for (const [inside, instructions, requirement] of ordered) {
    it(`reads ${inside} as ${instructions.join(', ')} (${requirement})`, async () => {
      assert.deepEqual((await parse(inside)).map(shown), instructions)
    })
  }

  it('keeps the whole name, also one in no namespace (XML-15)', async () => {
    const instructions = await parse(`${set('<D:a/><a/>')}${remove('<x:a/>')}`)

    assert.deepEqual(
      instructions.map(({ name }) => name),
      [dav('a'), { ns: '', local: 'a' }, { ns: 'u:x', local: 'a' }],
    )
  })

  it('keeps every element inside a value, known or not (XML-08)', async () => {
    assert.equal(
      await stored(set('<x:a><D:set> 1 <b c="2"/></D:set></x:a>')),
      '<x:a xmlns:x="u:x" xmlns:D="DAV:"><D:set> 1 <b c="2"/></D:set></x:a>',
    )
  })

  it('applies the xml:lang of the elements around a property (XML-14)', async () => {
    for (const inside of [
      '<D:set xml:lang="de"><D:prop><a/></D:prop></D:set>',
      '<D:set><D:prop xml:lang="de"><a/></D:prop></D:set>',
      '<D:set><D:prop xml:lang="fr"><a xml:lang="de"/></D:prop></D:set>',
    ]) {
      assert.equal(await stored(inside), '<a xml:lang="de"/>')
    }
    assert.equal(await stored(set('<a/>'), 'xml:lang="de"'), '<a xml:lang="de"/>')
  })

  it('takes along a prefix that only a value uses (XML-14)', async () => {
    const xsi = 'xmlns:xsi="u:xsi" xmlns:xs="u:xs" xmlns:x="u:x" xmlns:n="u:n"'

    assert.equal(
      await stored(set('<a xsi:type="xs:date">1</a>'), xsi),
      '<a xmlns:xs="u:xs" xmlns:xsi="u:xsi" xsi:type="xs:date">1</a>',
    )
    assert.equal(await stored(set('<a>(x:b) n</a>'), xsi), '<a xmlns:x="u:x">(x:b) n</a>')
    assert.equal(await stored(set('<a><b>x:</b></a>'), xsi), '<a xmlns:x="u:x"><b>x:</b></a>')
    assert.equal(await stored(set('<a>http://x, ax:b</a>'), xsi), '<a>http://x, ax:b</a>')
  })

  it('takes the innermost declaration of such a prefix (XML-14)', async () => {
    assert.equal(
      await stored('<D:set xmlns:x="u:2"><D:prop xmlns:x="u:3"><a>x:b</a></D:prop></D:set>'),
      '<a xmlns:x="u:3">x:b</a>',
    )
    assert.equal(await stored(set('<a xmlns:x="u:4">x:b</a>')), '<a xmlns:x="u:4">x:b</a>')
  })

  it('finds prefixes in a long word without colons in linear time (XML-12)', async () => {
    const word = 'w'.repeat(900_000)

    assert.equal(await stored(set(`<a>${word}</a>`)), `<a>${word}</a>`)
    assert.equal((await stored(set(`<a>${'w:'.repeat(400_000)}</a>`))).length, 800_007)
  })

  it('refuses another root element (XML-06)', async () => {
    for (const root of ['D:propfind', 'x:propertyupdate']) {
      await assert.rejects(
        parse(set('<x:a/>'), { root }),
        (error: unknown) => error instanceof DavError && error.code === 'unprocessable',
      )
    }
  })

  for (const inside of ['', '<D:set/>', set(''), remove(' t '), '<D:prop><x:a/></D:prop>', '<x:set/>']) {
    it(`refuses ${JSON.stringify(inside)}, which asks for nothing (XML-06)`, async () => {
      await assert.rejects(
        parse(inside),
        (error: unknown) => error instanceof DavError && error.code === 'unprocessable',
      )
    })
  }
})

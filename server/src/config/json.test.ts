import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { JsonFault, parseJson } from './json.ts'

describe('a JSON text', () => {
  it('is read as JSON.parse reads it', () => {
    assert.deepEqual(parseJson('{"a": [1, "b", null, {}], "c": true}'), { a: [1, 'b', null, {}], c: true })
  })

  it('is refused with line, column and what was expected', () => {
    const faults: [string, number, number, RegExp][] = [
      ['', 1, 1, /a value, found the end/],
      ['{"a": abc}', 1, 7, /a value, found "a"/],
      ['{\n  "a": 1,\n}', 3, 1, /a name in double quotes, found "}"/],
      ['{\n  "a": 1\n  "b": 2\n}', 3, 3, /a comma or a closing bracket, found "\\""/],
      ['{"a" 1}', 1, 6, /a colon/],
      ['[1, 2', 1, 6, /a comma or a closing bracket, found the end/],
      ['[1, ]', 1, 5, /a value/],
      ['{"a": 1} x', 1, 10, /nothing more/],
      ["{'a': 1}", 1, 2, /a single quote/],
      ['// no\n{}', 1, 1, /a value/],
    ]
    for (const [text, line, column, message] of faults) {
      assert.throws(
        () => parseJson(text),
        (error) => {
          assert.ok(error instanceof JsonFault)
          assert.deepEqual([error.line, error.column], [line, column], text)
          assert.match(error.message, message)
          return true
        },
      )
    }
  })

  it('never has its words quoted in the refusal', () => {
    assert.throws(
      () => parseJson('{"user": "alice:secret" oops}'),
      (error) => error instanceof JsonFault && !error.message.includes('secret'),
    )
  })

  it('that lost a character is refused where it stops being JSON, not before and not never', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, position) => {
        const broken = json.slice(0, position % json.length) + json.slice((position % json.length) + 1)
        try {
          JSON.parse(broken)
        } catch {
          assert.throws(() => parseJson(broken), JsonFault)
          return
        }
        assert.deepEqual(parseJson(broken), JSON.parse(broken))
      }),
    )
  })
})

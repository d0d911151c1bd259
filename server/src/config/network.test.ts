import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseNetwork, showNetwork } from './network.ts'

describe('parseNetwork', () => {
  const read: readonly [string, string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['Loopback', '127.0.0.0/8 ::1'],
  ]
  for (const [text, shown] of read) {
    it(`reads ${text}`, () => {
      assert.equal(parseNetwork(text).map(showNetwork).join(' '), shown)
    })
  }

  const refused: readonly [string, RegExp][] = [
    ['nginx.example.org', /expected an address/],
    ['10.0.0.0/33', /more than 32 bits/],
    ['::/129', /more than 128 bits/],
    ['10.0.0/8', /expected an address/],
    ['10.0.0.1:80', /expected an address/],
    ['fe80::1%eth0', /expected an address/],
    ['::ffff:10.0.0.1', /without ::ffff:/],
    ['0.0.0.0/0', /everybody/],
    ['::/0', /everybody/],
    ['*', /expected an address/],
    ['', /expected an address/],
  ]
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseNetwork(text), message)
    })
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { senderOf } from './forwarded.ts'
import { trustsIn } from './trusted.ts'

const FRONT = '192.0.2.1'
const OUTER_FRONT = '2001:db8:f::2'
const trusts = trustsIn([
  { address: FRONT, prefixBits: 32 },
  { address: '2001:db8:f::', prefixBits: 48 },
])

function sender(peer: string, headers: Readonly<Record<string, string>>) {
  return senderOf(peer, (name) => ({ host: 'inside:8507', ...headers })[name], trusts)
}

describe('senderOf', () => {
  it('ignores everything that is not said by a trusted peer', () => {
    const lies = {
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-host': 'files.example.org',
      'x-forwarded-proto': 'https',
    }

    assert.deepEqual(sender('192.0.2.99', lies), {
      address: '192.0.2.99',
      origin: { host: 'inside:8507', scheme: null },
      viaFront: false,
    })
  })

  it('believes a trusted peer', () => {
    const told = {
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-host': 'files.example.org',
      'x-forwarded-proto': 'HTTPS',
    }

    assert.deepEqual(sender(FRONT, told), {
      address: '198.51.100.7',
      origin: { host: 'files.example.org', scheme: 'https' },
      viaFront: true,
    })
  })

  it('takes an IPv4 peer on a socket for both families for what it is', () => {
    assert.equal(sender(`::ffff:${FRONT}`, { 'x-forwarded-for': '198.51.100.7' }).address, '198.51.100.7')
    assert.equal(sender('::ffff:198.51.100.8', {}).address, '198.51.100.8')
    assert.equal(sender('fe80::1%eth0', {}).address, 'fe80::1')
  })

  const chains: readonly [string, string, string][] = [
    ['the right-most address, which the front wrote', '1.1.1.1, 198.51.100.7', '198.51.100.7'],
    ['the address before those of trusted fronts', `1.1.1.1, 198.51.100.7, ${OUTER_FRONT}`, '198.51.100.7'],
    ['the outermost front where all are fronts', `${OUTER_FRONT}`, OUTER_FRONT],
    ['an IPv6 address', '2001:db8::7', '2001:db8::7'],
    ['an IPv6 address in brackets with a port', '[2001:db8::7]:4711', '2001:db8::7'],
    ['an IPv4 address with a port', '198.51.100.7:4711', '198.51.100.7'],
    ['an IPv4 address written as IPv6', '::ffff:198.51.100.7', '198.51.100.7'],
    ['the front where its entry is no address', '198.51.100.7, unknown', FRONT],
    ['the front where its entry is empty', '198.51.100.7, ', FRONT],
    ['the front where nothing is said', '', FRONT],
    ['the outer front where the entry before it is no address', `_hidden, ${OUTER_FRONT}`, OUTER_FRONT],
  ]
  for (const [what, list, address] of chains) {
    it(`finds ${what}`, () => {
      assert.equal(sender(FRONT, { 'x-forwarded-for': list }).address, address)
    })
  }

  const pairs: readonly [string, Record<string, string>, { host: string; scheme: string | null }][] = [
    [
      'the last of several values, which the front wrote',
      { host: 'lie, public', proto: 'http, https' },
      { host: 'public', scheme: 'https' },
    ],
    [
      'what the outer front wrote where there are two',
      { for: `198.51.100.7, ${OUTER_FRONT}`, host: 'lie, public, inside', proto: 'http, https, http' },
      { host: 'public', scheme: 'https' },
    ],
    [
      'the only value where the inner front replaces',
      { for: `198.51.100.7, ${OUTER_FRONT}`, host: 'public', proto: 'https' },
      { host: 'public', scheme: 'https' },
    ],
    ['a host with its port', { host: 'public:8443' }, { host: 'public:8443', scheme: null }],
    ['an IPv6 host', { host: '[2001:db8::1]:8443' }, { host: '[2001:db8::1]:8443', scheme: null }],
    ['the Host field where the host is malformed', { host: 'a b' }, { host: 'inside:8507', scheme: null }],
    ['the Host field where the host is empty', { host: '' }, { host: 'inside:8507', scheme: null }],
    ['no scheme where it is none of HTTP', { proto: 'wss' }, { host: 'inside:8507', scheme: null }],
  ]
  for (const [what, fields, origin] of pairs) {
    it(`takes for the public origin ${what}`, () => {
      const headers = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [`x-forwarded-${name}`, value]),
      )

      assert.deepEqual(sender(FRONT, headers).origin, origin)
    })
  }

  it('names an address that a trusted peer vouched for, whatever clients put before it', () => {
    const entry = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom(FRONT, OUTER_FRONT, ''))

    fc.assert(
      fc.property(fc.array(entry), (lies) => {
        const list = [...lies, '198.51.100.7', OUTER_FRONT].join(', ')

        assert.equal(sender(FRONT, { 'x-forwarded-for': list }).address, '198.51.100.7')
      }),
    )
  })
})

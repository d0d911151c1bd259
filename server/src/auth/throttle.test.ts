import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError } from '../core/errors.ts'
import { createThrottle, networkOf, type Throttle } from './throttle.ts'

const LIMITS = { maxFailures: 3, windowSeconds: 60, maxAddresses: 2 }

describe('the throttle of failed log-ins', () => {
  it('refuses an address after its last allowed failure and says when to come back', () => {
    const throttle = createThrottle(LIMITS)
    fail(throttle, '10.0.0.1', ['a', 'b'], 1000)
    assert.equal(retryAfterSeconds(throttle, '10.0.0.1', 1000), null)

    fail(throttle, '10.0.0.1', ['c'], 11_000)

    assert.equal(retryAfterSeconds(throttle, '10.0.0.1', 11_000), 50)
    assert.equal(retryAfterSeconds(throttle, '10.0.0.1', 60_900), 1)
    assert.equal(retryAfterSeconds(throttle, '10.0.0.1', 61_000), null)
  })

  it('does not count the same wrong credentials twice', () => {
    const throttle = createThrottle(LIMITS)

    fail(throttle, '10.0.0.1', ['a', 'a', 'a', 'a'], 0)

    assert.equal(retryAfterSeconds(throttle, '10.0.0.1', 0), null)
    assert.equal(throttle.hasFailed('10.0.0.1', 'a', 59_999), true)
    assert.equal(throttle.hasFailed('10.0.0.1', 'a', 60_000), false)
    assert.equal(throttle.hasFailed('10.0.0.2', 'a', 0), false)
  })

  it('counts each address for itself', () => {
    const throttle = createThrottle(LIMITS)

    fail(throttle, '10.0.0.1', ['a', 'b', 'c'], 0)

    assert.equal(retryAfterSeconds(throttle, '10.0.0.1', 0), 60)
    assert.equal(retryAfterSeconds(throttle, '10.0.0.2', 0), null)
  })

  it('forgets the address that failed longest ago when it knows too many', () => {
    const throttle = createThrottle(LIMITS)
    fail(throttle, '10.0.0.1', ['a', 'b', 'c'], 0)
    fail(throttle, '10.0.0.2', ['a', 'b', 'c'], 1)

    fail(throttle, '10.0.0.3', ['a', 'b', 'c'], 2)

    assert.equal(retryAfterSeconds(throttle, '10.0.0.1', 3), null)
    assert.equal(retryAfterSeconds(throttle, '10.0.0.2', 3), 60)
    assert.equal(retryAfterSeconds(throttle, '10.0.0.3', 3), 60)
  })

  it('takes an IPv6 network of 64 bits and a mapped IPv4 address for one sender each', () => {
    assert.equal(networkOf('10.0.0.1'), '10.0.0.1')
    assert.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1')
    assert.equal(networkOf('::1'), '0:0:0:0::/64')
    assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
    assert.equal(networkOf('2001:DB8:1:2::9'), '2001:db8:1:2::/64')
    assert.equal(networkOf('2001:db8::9'), '2001:db8:0:0::/64')
    assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
  })
})

function fail(throttle: Throttle, address: string, fingerprints: readonly string[], now: number): void {
  for (const fingerprint of fingerprints) throttle.failed(address, fingerprint, now)
}

function retryAfterSeconds(throttle: Throttle, address: string, now: number): number | null {
  try {
    throttle.check(address, now)
    return null
  } catch (error) {
    assert.ok(error instanceof DavError && error.code === 'too-many-requests')
    return error.details.retryAfterSeconds ?? Number.NaN
  }
}

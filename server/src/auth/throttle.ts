import { DavError } from '../core/errors.ts'

export interface ThrottleLimits {
  /** Different wrong credentials that one address may try within the window. */
  readonly maxFailures: number
  readonly windowSeconds: number
  /** Addresses remembered at once; beyond it the one that failed longest ago is forgotten. */
  readonly maxAddresses: number
}

export const DEFAULT_THROTTLE: ThrottleLimits = { maxFailures: 10, windowSeconds: 60, maxAddresses: 10_000 }

/** Counts wrong credentials by the address they came from. Times are in milliseconds and a parameter. */
export interface Throttle {
  /** @throws DavError 'too-many-requests' while the address has used up its failures */
  check(remoteAddress: string, now: number): void
  /**
   * Whether exactly these credentials failed from this address within the window. A client with an old password
   * repeats itself; that is no guessing, so it is neither counted again nor worth another hash.
   */
  hasFailed(remoteAddress: string, fingerprint: string, now: number): boolean
  /** @param fingerprint stands for the credentials, and must not reveal them */
  failed(remoteAddress: string, fingerprint: string, now: number): void
}

export function createThrottle(limits: ThrottleLimits = DEFAULT_THROTTLE): Throttle {
  const windowMs = limits.windowSeconds * 1000
  // The order of insertion is the order of the last failure: `failed` puts an address at the end.
  const failuresOf = new Map<string, Map<string, number>>()

  function recent(network: string, now: number): ReadonlyMap<string, number> {
    const failures = failuresOf.get(network)
    if (failures === undefined) return NONE
    for (const [fingerprint, at] of failures) {
      if (now - at >= windowMs) failures.delete(fingerprint)
    }
    if (failures.size === 0) failuresOf.delete(network)
    return failures
  }

  return {
    check(remoteAddress, now) {
      const failures = recent(networkOf(remoteAddress), now)
      if (failures.size < limits.maxFailures) return
      const oldest = Math.min(...failures.values())
      throw new DavError('too-many-requests', 'too many failed attempts to log in from this address', {
        retryAfterSeconds: Math.max(1, Math.ceil((oldest + windowMs - now) / 1000)),
      })
    },
    hasFailed(remoteAddress, fingerprint, now) {
      return recent(networkOf(remoteAddress), now).has(fingerprint)
    },
    failed(remoteAddress, fingerprint, now) {
      const network = networkOf(remoteAddress)
      const failures = new Map(recent(network, now))
      failures.set(fingerprint, now)
      failuresOf.delete(network)
      failuresOf.set(network, failures)
      if (failuresOf.size > limits.maxAddresses) forgetFirst(failuresOf)
    },
  }
}

/** What counts as one sender: an IPv4 address, and the /64 of an IPv6 address, which is what a customer gets. */
export function networkOf(remoteAddress: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress)?.[1]
  if (mapped !== undefined) return mapped
  if (!remoteAddress.includes(':')) return remoteAddress

  const [address = ''] = remoteAddress.toLowerCase().split('%')
  const [head = '', tail] = address.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => '0')
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`
}

const NONE: ReadonlyMap<string, number> = new Map()

function forgetFirst(map: Map<string, unknown>): void {
  const [first] = map.keys()
  if (first !== undefined) map.delete(first)
}

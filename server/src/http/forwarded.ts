import { isIP } from 'node:net'
import type { Origin } from '../dav/request.ts'
import { plainAddress, type Trusts } from './trusted.ts'

/** Who sent a request, and to which server it was sent, as far as front servers of ours can be believed. */
export interface Sender {
  readonly address: string
  readonly origin: Origin
  /** Whether the other end of the connection is such a front server. */
  readonly viaFront: boolean
}

/**
 * Reads X-Forwarded-For, X-Forwarded-Host and X-Forwarded-Proto where the peer is trusted. From anybody else they are
 * ignored: a client could log in under a thousand addresses, or name a host of its choice.
 *
 * Each front appends the address it was asked from. So the list is read from its end, as long as the one who wrote an
 * entry is trusted; the first address that is not is the client. What cannot be read ends the list: then the front
 * that passed it on is all we know. Host and scheme are those which the outermost trusted front wrote.
 */
export function senderOf(peer: string, header: (name: string) => string | undefined, trusts: Trusts): Sender {
  const address = plainAddress(peer)
  const host = header('host')
  if (!trusts(address)) return { address, origin: { host, scheme: null }, viaFront: false }
  const client = clientOf(address, listed(header('x-forwarded-for')), trusts)
  const told = (name: string): string => fromOutermost(listed(header(name)), client.fronts)
  const publicHost = told('x-forwarded-host')
  const scheme = told('x-forwarded-proto').toLowerCase()
  return {
    address: client.address,
    origin: {
      host: publicHost !== '' && HOST.test(publicHost) ? publicHost : host,
      scheme: scheme === 'http' || scheme === 'https' ? scheme : null,
    },
    viaFront: true,
  }
}

/** A host and an optional port, as in the Host field. */
export const HOST = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-fA-F:.]+\])(?::\d*)?$/

function listed(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(',').map((entry) => entry.trim())
}

function clientOf(
  peer: string,
  chain: readonly string[],
  trusts: Trusts,
): { address: string; fronts: number } {
  let address = peer
  let fronts = 0
  for (const entry of chain.toReversed()) {
    const before = addressIn(entry)
    if (before === null || !trusts(address)) break
    address = before
    fronts += 1
  }
  return { address, fronts }
}

/** An address with or without a port: `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`. */
function addressIn(entry: string): string | null {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1]
  const address = bracketed ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry
  return isIP(address) === 0 ? null : plainAddress(address)
}

/** The value that the last of so many fronts wrote; a front that replaces what it got leaves a shorter list. */
function fromOutermost(values: readonly string[], fronts: number): string {
  return values.at(-Math.min(Math.max(fronts, 1), values.length)) ?? ''
}

import { isIP } from 'node:net'
import type { Network } from '../core/network.ts'

/** The word for the addresses of this machine. */
const LOOPBACK: readonly Network[] = [
  { address: '127.0.0.0', prefixBits: 8 },
  { address: '::1', prefixBits: 128 },
]

/**
 * Reads `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32` or the word `loopback`.
 * @throws Error with a sentence for the person who wrote it
 */
export function parseNetwork(text: string): readonly Network[] {
  if (text.toLowerCase() === 'loopback') return LOOPBACK
  const [, address = '', bits] = /^\[?([^/\]]+)\]?(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  if (family === 0 || address.includes('%')) {
    throw new Error(
      `expected an address such as 192.0.2.7, a network such as 10.0.0.0/8, or loopback, not ${JSON.stringify(text)}.`,
    )
  }
  if (/^::ffff:/i.test(address)) throw new Error(`${text} is written as IPv4, without ::ffff:.`)
  const mostBits = family === 4 ? 32 : 128
  const prefixBits = bits === undefined ? mostBits : Number(bits)
  if (prefixBits > mostBits) throw new Error(`${text} has more than ${mostBits} bits.`)
  // It would let anybody choose the address that is logged and throttled.
  if (prefixBits === 0) throw new Error(`${text} is everybody, and not everybody can be trusted.`)
  return [{ address, prefixBits }]
}

export function showNetwork({ address, prefixBits }: Network): string {
  return prefixBits === (isIP(address) === 4 ? 32 : 128) ? address : `${address}/${prefixBits}`
}

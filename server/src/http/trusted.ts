import { BlockList, isIP } from 'node:net'
import type { Network } from '../core/network.ts'

/** Whether an address is one of a front server of ours, whose word on its own clients is believed. */
export type Trusts = (address: string) => boolean

export function trustsIn(networks: readonly Network[]): Trusts {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const { address, prefixBits } of networks) list.addSubnet(address, prefixBits, familyOf(address))
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address))
}

/** As a socket that listens for both families gives an IPv4 address, and as everybody else writes it. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

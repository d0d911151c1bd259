/** Addresses that begin with the same bits: `10.0.0.0` with 8, or one address with all of its bits. */
export interface Network {
  readonly address: string
  readonly prefixBits: number
}

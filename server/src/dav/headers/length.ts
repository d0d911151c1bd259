import { DavError } from '../../core/errors.ts'

/**
 * A count of bytes that a client declares: Content-Length, OC-Total-Length, X-Expected-Entity-Length.
 *
 * @returns null when the header was not sent
 * @throws DavError 'bad-request' unless it is digits only and at most 2^53 - 1
 */
export function parseByteCount(name: string, value: string | undefined): number | null {
  if (value === undefined) return null
  const digits = value.trim()
  const bytes = Number(digits)
  // Number() alone would take '1e3', '0x10' and ''.
  if (!/^[0-9]+$/.test(digits)) {
    throw new DavError('bad-request', `${name} must be a number of bytes in decimal digits`)
  }
  if (!Number.isSafeInteger(bytes)) {
    throw new DavError('bad-request', `${name} is too large: at most ${Number.MAX_SAFE_INTEGER} bytes`)
  }
  return bytes
}

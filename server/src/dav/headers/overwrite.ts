import { DavError } from '../../core/errors.ts'

/**
 * Whether COPY or MOVE may replace what is at the destination. A missing header means yes.
 *
 * @throws DavError 'bad-request' for anything but T and F: a guess could cost the client a file
 * @see RFC 4918 §10.6
 */
export function parseOverwrite(value: string | undefined): boolean {
  if (value === undefined) return true
  const flag = value.trim().toUpperCase()
  if (flag !== 'T' && flag !== 'F') {
    throw new DavError('bad-request', `Overwrite must be T or F, not ${JSON.stringify(value.slice(0, 40))}`)
  }
  return flag === 'T'
}

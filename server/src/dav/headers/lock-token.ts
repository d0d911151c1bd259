import { DavError } from '../../core/errors.ts'

/**
 * The Lock-Token header of UNLOCK. The angle brackets may be missing: the WebDAV client of Windows 7 forgets them.
 *
 * @returns the URI without angle brackets
 * @throws DavError 'bad-request'
 * @see RFC 4918 §10.5
 */
export function parseLockToken(value: string | undefined): string {
  if (value === undefined) throw new DavError('bad-request', 'the Lock-Token header is missing')
  const text = value.trim()
  const token = text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text
  if (!isStateToken(token)) {
    throw new DavError('bad-request', 'Lock-Token must be one URI in angle brackets, as LOCK answered it')
  }
  return token
}

/** Whether the text can stand for a state: an absolute URI (RFC 4918 §10.1, §10.4.2). */
export function isStateToken(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[\x21-\x3b\x3d\x3f-\x7e]+$/i.test(text)
}

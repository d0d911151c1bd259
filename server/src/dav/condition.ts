import type { DavError, MemberFailure } from '../core/errors.ts'
import type { ResourcePath } from '../core/path.ts'
import { REASONS, STATUS_OF, type StatusRow } from './status.ts'
import { DAV_NS } from './xml/names.ts'
import { escapeText } from './xml/write.ts'

/** The URL path of a resource, percent-encoded. */
export type Href = (path: ResourcePath) => string

/** The condition element of an error (RFC 4918 §16), with what it says about the case; null if it has none. */
export function conditionElement(error: DavError, href: Href): string | null {
  const { condition }: StatusRow = STATUS_OF[error.code]
  if (condition === undefined) return null
  const name = `${condition.ns === DAV_NS ? 'D' : 'x'}:${condition.local}`
  const { lockRoots, maxFileBytes, maxPropertyBytes } = error.details
  if (lockRoots !== undefined) {
    const hrefs = lockRoots.map((root) => `<D:href>${escapeText(href(root))}</D:href>`)
    return `<${name}>${hrefs.join('')}</${name}>`
  }
  const limit = maxFileBytes ?? maxPropertyBytes
  return limit === undefined ? `<${name}/>` : `<${name} limit="${limit}"/>`
}

/** The text of a status line without the protocol: `507 Insufficient Storage`. */
export function statusText(error: DavError): string {
  const { status } = STATUS_OF[error.code]
  return `${status} ${REASONS[status] ?? ''}`.trim()
}

/** What a person reads of a failure in a multistatus: with the numbers and the space of a 507. */
export function descriptionElement({ message, details }: DavError, href: Href): string {
  const root = details.shortage?.root
  const where = root === undefined ? '' : ` in ${href(root)}`
  return `<D:responsedescription>${escapeText(message + where)}</D:responsedescription>`
}

/** A member of a tree that was left out, as a `D:response` of a multistatus (RFC 4918 §13, §14.24). */
export function failureResponse({ path, error }: MemberFailure, href: Href): string {
  const condition = conditionElement(error, href)
  return [
    `<D:response><D:href>${escapeText(href(path))}</D:href>`,
    `<D:status>HTTP/1.1 ${statusText(error)}</D:status>`,
    condition === null ? '' : `<D:error>${condition}</D:error>`,
    `${descriptionElement(error, href)}</D:response>\n`,
  ].join('')
}

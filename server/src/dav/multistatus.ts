import type { MemberFailure } from '../core/errors.ts'
import { failureResponse, type Href } from './condition.ts'
import type { DavResponse } from './request.ts'
import { EXT_NS } from './xml/names.ts'
import { batched, escapeText } from './xml/write.ts'

/** A 207 that is sent while it is made: one `D:response` after the other, never built whole (RFC 4918 §13). */
export function multistatus(responses: AsyncIterable<string> | readonly string[]): DavResponse {
  return {
    status: 207,
    headers: { 'Content-Type': 'application/xml; charset="utf-8"', 'Cache-Control': 'no-store' },
    body: batched(document(responses)),
  }
}

async function* document(responses: AsyncIterable<string> | readonly string[]): AsyncGenerator<string> {
  yield `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:" xmlns:x="${EXT_NS}">\n`
  yield* responses
  yield '</D:multistatus>\n'
}

/** What could not be done to members of a tree; what could is not mentioned (RFC 4918 §9.8.3). */
export function failuresResponse(failures: readonly MemberFailure[], href: Href): DavResponse {
  return multistatus(failures.map((failure) => failureResponse(failure, href)))
}

export interface Propstat {
  /** Code and reason, as in a status line. */
  readonly status: string
  /** The property elements, already XML. */
  readonly elements: readonly string[]
  /** The condition element of a failure. */
  readonly condition?: string | null
  /** The `D:responsedescription` of a failure. */
  readonly description?: string
}

/** Propstats without properties are left out, unless nothing else is there: MS-01 wants one. */
export function propstatResponse(href: string, propstats: readonly Propstat[]): string {
  const filled = propstats.filter(({ elements }) => elements.length > 0)
  const shown = filled.length > 0 ? filled : propstats.slice(0, 1)
  const bodies = shown.map(
    ({ status, elements, condition, description = '' }) =>
      `<D:propstat><D:prop>${elements.join('')}</D:prop><D:status>HTTP/1.1 ${status}</D:status>${
        condition === undefined || condition === null ? '' : `<D:error>${condition}</D:error>`
      }${description}</D:propstat>`,
  )
  return `<D:response><D:href>${escapeText(href)}</D:href>${bodies.join('')}</D:response>\n`
}

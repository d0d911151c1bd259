import type { DavResponse } from './request.ts'
import { batched, escapeText } from './xml/write.ts'

/** A 207 that is sent while it is made: one `D:response` after the other, never built whole (RFC 4918 §13). */
export function multistatus(responses: AsyncIterable<string>): DavResponse {
  return {
    status: 207,
    headers: { 'Content-Type': 'application/xml; charset="utf-8"', 'Cache-Control': 'no-store' },
    body: batched(document(responses)),
  }
}

async function* document(responses: AsyncIterable<string>): AsyncGenerator<string> {
  yield '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n'
  yield* responses
  yield '</D:multistatus>\n'
}

export interface Propstat {
  readonly status: '200 OK' | '403 Forbidden' | '404 Not Found'
  /** The property elements, already XML. */
  readonly elements: readonly string[]
}

/** Propstats without properties are left out, unless nothing else is there: MS-01 wants one. */
export function propstatResponse(href: string, propstats: readonly Propstat[]): string {
  const filled = propstats.filter(({ elements }) => elements.length > 0)
  const shown = filled.length > 0 ? filled : propstats.slice(0, 1)
  const bodies = shown.map(
    ({ status, elements }) =>
      `<D:propstat><D:prop>${elements.join('')}</D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat>`,
  )
  return `<D:response><D:href>${escapeText(href)}</D:href>${bodies.join('')}</D:response>\n`
}

import type { Content } from '../core/store.ts'
import type { ByteRange } from './headers/range.ts'
import type { StoredBody } from './request.ts'

export interface MultipartAnswer {
  readonly status: 206
  readonly headers: Readonly<Record<string, string>>
  readonly body: StoredBody
}

/** Several ranges in one answer (RFC 9110 §14.6, §15.3.7.2). */
export function multipart(content: Content, type: string, ranges: readonly ByteRange[]): MultipartAnswer {
  const encoder = new TextEncoder()
  const boundary = `plimsoll-${crypto.randomUUID()}`
  const { bytes } = content.resource
  const parts = ranges.flatMap((range, index) => {
    const separator = `${index === 0 ? '' : '\r\n'}--${boundary}\r\n`
    const fields = `Content-Type: ${type}\r\nContent-Range: bytes ${range.first}-${range.last}/${bytes}\r\n\r\n`
    return [encoder.encode(separator + fields), range]
  })
  parts.push(encoder.encode(`\r\n--${boundary}--\r\n`))
  const totalBytes = parts.reduce((sum, part) => sum + lengthOf(part), 0)
  return {
    status: 206,
    headers: {
      'Content-Type': `multipart/byteranges; boundary=${boundary}`,
      'Content-Length': String(totalBytes),
    },
    body: { content, parts, totalBytes },
  }
}

function lengthOf(part: ByteRange | Uint8Array): number {
  return 'first' in part ? part.last - part.first + 1 : part.byteLength
}

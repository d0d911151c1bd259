import { DavError } from '../core/errors.ts'
import type { DavRequest } from './request.ts'
import { readXml, XML_LIMITS, type XmlElement } from './xml/read.ts'

/**
 * The XML body of a request; null if it has none.
 * @throws DavError 'unsupported-media-type' if it is said to be something else (RFC 4918 §8.4), 'xml-too-large'
 *   before it is read if it is said to be that long, and what `readXml` throws
 */
export async function readXmlBody(request: DavRequest): Promise<XmlElement | null> {
  const type = request.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  // What fetch says of a string when nobody named a type, the npm package webdav among others; it parses or it does not.
  const isUnnamed = type === '' || type === 'text/plain'
  const isXml = isUnnamed || type === 'text/xml' || type === 'application/xml' || type.endsWith('+xml')
  // Some clients name a type even when they send nothing.
  if (request.body.declaredBytes === 0) return null
  if (!isXml) throw new DavError('unsupported-media-type', 'the body must be application/xml or text/xml')
  if ((request.body.declaredBytes ?? 0) > XML_LIMITS.maxBytes) {
    throw new DavError('xml-too-large', `an XML body may have ${XML_LIMITS.maxBytes} bytes at most`)
  }
  return await readXml(request.body.stream())
}

export type ErrorFormat = 'xml' | 'json' | 'html'

/**
 * The form in which an error is told. XML is the answer of a WebDAV server; the others must be asked for by
 * name, because programs that send a wildcard were written against XML.
 *
 * Never throws: an error about the header that asks for the form of errors would help nobody.
 * @see RFC 9110 §12.5.1
 */
export function chooseErrorFormat(accept: string | undefined): ErrorFormat {
  const { json, html, xml } = namedFormats(accept)
  if (json.quality > xml.quality && json.quality > html.quality) return 'json'
  return beats(html, xml) ? 'html' : 'xml'
}

/** Whether a person looks at the answer: HTML is named and wins over XML. */
export function prefersHtml(accept: string | undefined): boolean {
  const { html, xml } = namedFormats(accept)
  return beats(html, xml)
}

/** How much a format is wanted: 0 when it is refused or not named. */
interface Wish {
  readonly quality: number
  /** The place in the list; the earlier one wins between equals. */
  readonly place: number
}

const UNNAMED: Wish = { quality: 0, place: Number.POSITIVE_INFINITY }

function beats(one: Wish, other: Wish): boolean {
  if (one.quality !== other.quality) return one.quality > other.quality
  return one.quality > 0 && one.place < other.place
}

function namedFormats(accept: string | undefined): Record<ErrorFormat, Wish> {
  const wishes: Record<ErrorFormat, Wish> = { json: UNNAMED, html: UNNAMED, xml: UNNAMED }
  for (const [place, member] of (accept ?? '').split(',').entries()) {
    if (member.trim() === '') continue
    const [mediaType = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase())
    const quality = qualityOf(parameters)
    if (quality === null || !MEDIA_RANGE.test(mediaType)) return NOTHING_NAMED
    const format = formatNamed(mediaType)
    if (format !== null && quality > wishes[format].quality) wishes[format] = { quality, place }
  }
  return wishes
}

const NOTHING_NAMED: Record<ErrorFormat, Wish> = { json: UNNAMED, html: UNNAMED, xml: UNNAMED }

const MEDIA_RANGE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/

/** @returns null when the weight is malformed */
function qualityOf(parameters: readonly string[]): number | null {
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))
  if (weight === undefined) return 1
  const number = weight.slice(weight.indexOf('=') + 1).trim()
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(number) ? Number(number) : null
}

function formatNamed(mediaType: string): ErrorFormat | null {
  if (mediaType === 'application/problem+json' || mediaType === 'application/json') return 'json'
  if (mediaType === 'text/html') return 'html'
  // XHTML stands in every browser's list, before XML and with HTML's weight; it names a page, not our XML.
  if (mediaType === 'application/xhtml+xml') return null
  return /^(?:application|text)\/xml$|\+xml$/.test(mediaType) ? 'xml' : null
}

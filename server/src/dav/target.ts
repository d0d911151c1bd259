import { DavError } from '../core/errors.ts'
import { type ResourcePath, ROOT, resourcePath, segmentsOf } from '../core/path.ts'

/** RFC 9110 §4.1 asks for 8000 octets. A path of PATH_MAX, 4096 bytes, needs 12,288 when each is escaped. */
export const MAX_TARGET_BYTES = 16_384

/** NAME_MAX of every file system we store on, in bytes of UTF-8. */
export const MAX_SEGMENT_BYTES = 255

export interface Target {
  readonly path: ResourcePath
  /** The client addressed the resource as a collection. */
  readonly trailingSlash: boolean
  /** What follows `?`, still encoded; empty when there was none. */
  readonly query: string
}

/** The server as its clients address it. */
export interface Origin {
  /** A host with an optional port: the Host header, or what a trusted front says; undefined without either. */
  readonly host: string | undefined
  /** Null where nobody says: a front server may have taken TLS off, so our own connection tells nothing. */
  readonly scheme: 'http' | 'https' | null
}

export interface TargetOptions extends Pick<Origin, 'host'>, Partial<Pick<Origin, 'scheme'>> {
  /** Where the tree is mounted: `''` or decoded segments such as `/dav`, without a slash at the end. */
  readonly basePath: string
}

/**
 * Reads the request target as it stood on the wire, because every URL library resolves `%2e%2e` and `\`
 * before they can be judged. Bytes above 0x7f arrive as latin1 characters (Node's parser) and are taken as
 * UTF-8: some clients forget to escape them. The asterisk form belongs to the caller.
 *
 * @throws DavError 'bad-request' | 'target-too-long' | 'misdirected' | 'not-found'
 * @see RFC 9112 §3.2, RFC 3986 §2.1
 */
export function parseTarget(rawTarget: string, options: TargetOptions): Target {
  if (rawTarget.length > MAX_TARGET_BYTES) {
    throw new DavError('target-too-long', `the request target is longer than ${MAX_TARGET_BYTES} bytes`)
  }
  // The litmus test "delete_fragment" deletes /frag/#ment; cutting the fragment off would delete /frag/.
  if (rawTarget.includes('#')) throw new DavError('bad-request', 'a request target has no fragment')

  const originForm = withoutAuthority(rawTarget, options)
  const cut = originForm.indexOf('?')
  const rawPath = cut === -1 ? originForm : originForm.slice(0, cut)
  // A single dot says nothing; rclone asks for `/./a:b`. Two dots would have to be believed, and are refused.
  const whole = rawPath
    .split('/')
    .map(decodeSegment)
    .filter((segment) => segment !== '' && segment !== '.')
  return {
    path: belowBase(whole, options.basePath),
    trailingSlash: rawPath.endsWith('/'),
    query: cut === -1 ? '' : originForm.slice(cut + 1),
  }
}

export interface HrefOptions {
  readonly basePath: string
  readonly collection: boolean
}

/**
 * The absolute path under which a client reaches `path`, safe in XML text and in attribute values.
 *
 * @see RFC 4918 §8.3
 */
export function hrefOf(path: ResourcePath, options: HrefOptions): string {
  const encoded = encodePath(options.basePath) + (path === ROOT ? '' : encodePath(path))
  return options.collection || encoded === '' ? `${encoded}/` : encoded
}

/** RFC 9112 §3.2.2: the absolute form must be accepted, also by servers that are no proxies. */
function withoutAuthority(rawTarget: string, { host, scheme = null }: TargetOptions): string {
  if (rawTarget.startsWith('/')) return rawTarget
  const absolute = /^(https?):\/\/([^/?]+)/i.exec(rawTarget)
  const authority = absolute?.[2]
  // User information is refused: RFC 9110 §4.2.4 calls it a likely attempt to obscure the authority.
  if (absolute === null || authority === undefined || authority.includes('@')) {
    throw new DavError('bad-request', 'the request target is neither an absolute path nor an http URL')
  }
  const isElsewhere = scheme !== null && absolute[1]?.toLowerCase() !== scheme
  const isHere = host === undefined || comparable(authority, scheme) === comparable(host, scheme)
  if (isElsewhere || !isHere) {
    const here = scheme === null ? 'the Host header' : `${scheme}://${host}, where the request came in`
    throw new DavError('misdirected', `the request target names another host than ${here}`)
  }
  // RFC 9110 §4.2.3: an empty path is the same as `/`.
  const rest = rawTarget.slice(absolute[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Without the port that goes without saying; where the scheme is not known, either of the two. */
function comparable(authority: string, scheme: Origin['scheme']): string {
  return authority
    .trim()
    .toLowerCase()
    .replace(IMPLIED_PORT[scheme ?? 'any'], '')
}

const IMPLIED_PORT = { http: /:(?:80)?$/, https: /:(?:443)?$/, any: /:(?:80|443)?$/ } as const

// The mark is a character of the name: without `ignoreBOM`, `%EF%BB%BFa` would be a second spelling of `a`.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeSegment(raw: string): string {
  const bytes = percentDecoded(raw)
  if (bytes.length > MAX_SEGMENT_BYTES) {
    throw new DavError('target-too-long', `a path segment is longer than ${MAX_SEGMENT_BYTES} bytes`)
  }
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new DavError('bad-request', 'the path is not valid UTF-8', { cause })
  }
}

function percentDecoded(raw: string): Uint8Array {
  const bytes = new Uint8Array(raw.length)
  let length = 0
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at)
    if (code === PERCENT) {
      bytes[length++] = escapedByte(raw.slice(at + 1, at + 3))
      at += 2
    } else if (code <= 0xff) {
      bytes[length++] = code
    } else {
      // Cutting such a character to its low byte would make U+012F a slash.
      throw new DavError('bad-request', 'the request target has a character that is not a byte')
    }
  }
  return bytes.subarray(0, length)
}

const PERCENT = 0x25

function escapedByte(digits: string): number {
  if (!/^[0-9a-f]{2}$/i.test(digits)) {
    throw new DavError('bad-request', 'the path has a % that is not followed by two hexadecimal digits')
  }
  return Number.parseInt(digits, 16)
}

function belowBase(segments: readonly string[], basePath: string): ResourcePath {
  // Judged as a whole first: `/../dav/x` is a broken request, not a missing resource.
  const whole = resourcePath(segments)
  if (basePath === '') return whole
  if (whole !== basePath && !whole.startsWith(`${basePath}/`)) {
    throw new DavError('not-found', `nothing is served outside ${basePath}`)
  }
  return resourcePath(segments.slice(segmentsOf(basePath as ResourcePath).length))
}

const UNRESERVED_PATH = /^[A-Za-z0-9\-._~/]*$/

function encodePath(path: string): string {
  if (UNRESERVED_PATH.test(path)) return path
  return path.split('/').map(encodeSegment).join('/')
}

function encodeSegment(segment: string): string {
  // A lone surrogate has no UTF-8 form and makes encodeURIComponent throw. The apostrophe would end an XML
  // attribute; the other characters that encodeURIComponent leaves alone, `!*()`, are harmless.
  return encodeURIComponent(segment.toWellFormed()).replaceAll("'", '%27')
}

import { DavError } from '../../core/errors.ts'
import { contains, type ResourcePath } from '../../core/path.ts'
import { parseTarget, type TargetOptions } from '../target.ts'

export interface Destination {
  readonly path: ResourcePath
  /** The client addressed the destination as a collection. */
  readonly trailingSlash: boolean
}

/**
 * The Destination of COPY and MOVE: an absolute path, or a URL whose authority is that of the Host header. Its
 * scheme says nothing, since a proxy may have taken TLS off; where a trusted one says what clients use, that counts.
 *
 * @throws DavError 'bad-request' | 'destination-elsewhere' | 'forbidden'
 * @see RFC 4918 §10.3
 */
export function parseDestination(value: string | undefined, options: TargetOptions): Destination {
  if (value === undefined) throw new DavError('bad-request', 'the Destination header is missing')
  const url = value.trim()
  requireUsable(url)
  const whole = wholePath(url, options)
  if (options.basePath !== '' && !contains(options.basePath as ResourcePath, whole)) {
    throw new DavError('destination-elsewhere', `Destination lies outside ${options.basePath}`)
  }
  const { path, trailingSlash } = parseTarget(url, options)
  return { path, trailingSlash }
}

function requireUsable(url: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined && !url.startsWith('/')) {
    throw new DavError(
      'bad-request',
      `Destination must be a URL or a path that begins with a slash, not ${JSON.stringify(url.slice(0, 40))}`,
    )
  }
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw new DavError('destination-elsewhere', 'Destination is not an http or https URL')
  }
  // Cut off as in a request target, `/a?b` from a client that forgot to escape would overwrite `/a`.
  if (/[?#]/.test(url)) {
    throw new DavError('bad-request', 'Destination must not have a ? or #; in a name they are %3F and %23')
  }
}

/** Judges everything but the base path, so that a reserved name is told from a place outside it. */
function wholePath(url: string, options: TargetOptions): ResourcePath {
  try {
    return parseTarget(url, { ...options, basePath: '' }).path
  } catch (error) {
    throw error instanceof DavError ? aboutDestination(error) : error
  }
}

function aboutDestination(cause: DavError): DavError {
  switch (cause.code) {
    case 'misdirected':
      return new DavError(
        'destination-elsewhere',
        `Destination, read as a request target: ${cause.message}`,
        {
          cause,
        },
      )
    case 'not-found':
      return new DavError('forbidden', 'Destination has a name that is reserved for the server', { cause })
    default:
      return new DavError('bad-request', `Destination, read as a request target: ${cause.message}`, { cause })
  }
}

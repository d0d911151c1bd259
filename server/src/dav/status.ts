import type { ErrorCode } from '../core/errors.ts'
import { dav, ext, type XmlName } from './xml/names.ts'

export interface StatusRow {
  readonly status: number
  /** The precondition or postcondition element (RFC 4918 §16) that tells programs which rule was broken. */
  readonly condition?: XmlName
}

/** Every refusal the server can speak, and the only place that knows error statuses. RFC 4918 §11, RFC 4331 §6. */
export const STATUS_OF = {
  'bad-request': { status: 400 },
  'question-unclear': { status: 400 }, // says nothing of the upload, which nobody has looked at
  unauthenticated: { status: 401 },
  forbidden: { status: 403 },
  'not-found': { status: 404 },
  'parent-missing': { status: 409 }, // RFC 4918 §9.7.1: parents are never created silently
  'already-exists': { status: 405 }, // RFC 4918 §9.3.1
  'method-not-allowed': { status: 405 },
  'method-unknown': { status: 501 },
  misdirected: { status: 421 },
  'precondition-failed': { status: 412 },
  'target-too-long': { status: 414 },
  'headers-too-large': { status: 431 },
  'unsupported-media-type': { status: 415 },
  'content-coding-refused': { status: 415 },
  unprocessable: { status: 422 },
  'xml-too-large': { status: 413, condition: ext('max-request-xml') },
  'external-entity': { status: 403, condition: dav('no-external-entities') },
  'infinite-depth-refused': { status: 403, condition: dav('propfind-finite-depth') },
  'destination-elsewhere': { status: 502 }, // RFC 4918 §9.8.5: we copy to no other server
  locked: { status: 423, condition: dav('lock-token-submitted') },
  'lock-conflict': { status: 423, condition: dav('no-conflicting-lock') },
  'lock-token-mismatch': { status: 409, condition: dav('lock-token-matches-request-uri') }, // RFC 4918 §9.11.1
  'lock-token-unknown': { status: 412, condition: dav('lock-token-matches-request-uri') }, // RFC 4918 §9.10.6
  'failed-dependency': { status: 424 },
  'members-failed': { status: 207 },
  'property-protected': { status: 403, condition: dav('cannot-modify-protected-property') },
  'property-too-large': { status: 409, condition: ext('max-property-size') },
  'copy-too-large': { status: 403, condition: ext('max-file-size') }, // no content came with the request
  'range-not-satisfiable': { status: 416 },
  'expectation-failed': { status: 417 },
  'transfer-coding-unknown': { status: 501 },
  'body-incomplete': { status: 400 },
  'body-timeout': { status: 408 },
  'file-too-large': { status: 413, condition: ext('max-file-size') }, // lasting, so not 507
  'quota-exceeded': { status: 507, condition: dav('quota-not-exceeded') },
  'disk-full': { status: 507, condition: dav('sufficient-disk-space') },
  'too-many-requests': { status: 429 },
  overloaded: { status: 503 },
  'read-only': { status: 403, condition: ext('read-only') },
  'io-error': { status: 500 },
} as const satisfies Record<ErrorCode, StatusRow>

/** What a refusal can have as its status. A 207 tells of refusals of members. */
export const ERROR_STATUSES: ReadonlySet<number> = new Set(
  Object.values<StatusRow>(STATUS_OF)
    .map(({ status }) => status)
    .filter((status) => status >= 400),
)

/** For a defect of ours: nothing that was thrown on purpose. */
export const UNEXPECTED: StatusRow = { status: 500 }

/** Reason phrases; they appear in titles of error pages and inside multistatus answers. */
export const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  423: 'Locked',
  424: 'Failed Dependency',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  502: 'Bad Gateway',
  507: 'Insufficient Storage',
}

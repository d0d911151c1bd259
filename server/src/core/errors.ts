import type { ResourcePath } from './path.ts'

/**
 * Every way a request can be refused. What each one means on the wire stands in one place, `dav/status.ts`;
 * a code never carries a status, so that storage and state drivers need not know HTTP.
 */
export type ErrorCode =
  | 'bad-request'
  | 'question-unclear'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'parent-missing'
  | 'already-exists'
  | 'method-not-allowed'
  | 'method-unknown'
  | 'misdirected'
  | 'precondition-failed'
  | 'target-too-long'
  | 'headers-too-large'
  | 'unsupported-media-type'
  | 'content-coding-refused'
  | 'unprocessable'
  | 'xml-too-large'
  | 'external-entity'
  | 'infinite-depth-refused'
  | 'destination-elsewhere'
  | 'locked'
  | 'lock-conflict'
  | 'lock-token-mismatch'
  | 'lock-token-unknown'
  | 'failed-dependency'
  | 'members-failed'
  | 'property-protected'
  | 'property-too-large'
  | 'copy-too-large'
  | 'range-not-satisfiable'
  | 'expectation-failed'
  | 'transfer-coding-unknown'
  | 'body-incomplete'
  | 'body-timeout'
  | 'file-too-large'
  | 'quota-exceeded'
  | 'disk-full'
  | 'too-many-requests'
  | 'overloaded'
  | 'read-only'
  | 'io-error'

/** Which store ran out; the values of the `cause` attribute in answers. */
export type ShortageCause =
  | 'user-quota'
  | 'collection-quota'
  | 'disk-bytes'
  | 'inodes'
  | 'entries'
  | 'properties'
  | 'locks'
  | 'uploads'

/** The numbers behind a 507. Counts of files where `cause` is `entries` or `inodes`, bytes everywhere else. */
export interface Shortage {
  readonly cause: ShortageCause
  /** What the request would have to be granted; undefined where the operating system refused without saying. */
  readonly needed?: number
  /** What it could have been granted; undefined like `needed`. */
  readonly available?: number
  readonly limit?: number
  readonly used?: number
  /** Granted to other requests that still run. */
  readonly inFlight?: number
  /** The collection whose limit was reached. */
  readonly root?: ResourcePath
}

/** A member that could not be dealt with, and why (RFC 4918 §9.8.3, §9.9.2). */
export interface MemberFailure {
  readonly path: ResourcePath
  readonly error: DavError
}

export interface DavErrorDetails {
  readonly path?: ResourcePath
  readonly cause?: unknown
  /** Present on `quota-exceeded` and `disk-full`. */
  readonly shortage?: Shortage
  /** Present on `file-too-large`: the largest file accepted, in bytes. */
  readonly maxFileBytes?: number
  /** Present on `property-too-large`: the largest value accepted, in bytes. */
  readonly maxPropertyBytes?: number
  /** Present on `locked` and `lock-conflict`: the roots of the locks in the way. */
  readonly lockRoots?: readonly ResourcePath[]
  /** Present on `members-failed`. */
  readonly failures?: readonly MemberFailure[]
  /** Present on `method-not-allowed`: what this URL does allow. */
  readonly allow?: readonly string[]
  /** Present on `too-many-requests` and `overloaded`. */
  readonly retryAfterSeconds?: number
  /** Present on `range-not-satisfiable`: the length of the whole representation. */
  readonly totalBytes?: number
}

/** A refusal: a code for machines and a sentence for people. */
export class DavError extends Error {
  readonly code: ErrorCode
  readonly details: DavErrorDetails

  constructor(code: ErrorCode, message: string, details: DavErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'DavError'
    this.code = code
    this.details = details
  }
}

/** Whether something failed because there was no room for it, whoever said so. */
export function isNoRoom(error: unknown): error is DavError {
  return error instanceof DavError && (error.code === 'disk-full' || error.code === 'quota-exceeded')
}

import type { ShortageCause } from './errors.ts'

/** What the server tells its operator. No method may throw, and none may be handed a secret. */
export interface Log {
  /** Once for every request, when its answer has ended. */
  request(record: RequestRecord): void
  /** Once for every refusal for want of space, beside the line of its request. */
  refused(record: RefusalRecord): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  /** `fields.error` is shown with its stack where it is an `Error`. */
  error(message: string, fields?: LogFields): void
}

export type LogFields = Readonly<Record<string, unknown>>

export interface RequestRecord {
  readonly method: string
  /** As the client sent it: may hold anything. A query string is cut off before it is written. */
  readonly path: string
  readonly status: number
  readonly durationMs: number
  readonly user: string | null
  readonly remoteAddress: string
  /** Bytes of the request's body that were read. */
  readonly receivedBytes: number
  /** Bytes of the answer's body that were written. */
  readonly sentBytes: number
  readonly userAgent?: string | undefined
}

/** A 507: who wanted how much, and what there was. Counts of files where `cause` is `entries` or `inodes`. */
export interface RefusalRecord {
  readonly user: string | null
  readonly method: string
  readonly path: string
  readonly cause: ShortageCause
  /** Undefined, like `available`, where the operating system refused without saying. */
  readonly needed?: number | undefined
  readonly available?: number | undefined
  readonly limit?: number | undefined
  readonly used?: number | undefined
  /** Granted to other requests that still run. */
  readonly inFlight?: number | undefined
  /** The collection whose limit was reached. */
  readonly root?: string | undefined
}

/** Says nothing. */
export const silentLog: Log = {
  request() {},
  refused() {},
  info() {},
  warn() {},
  error() {},
}

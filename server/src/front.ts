import type { Network } from './core/network.ts'
import type { ErrorPages } from './dav/error-page.ts'
import { readErrorPages } from './error-page-files.ts'
import { type Trusts, trustsIn } from './http/trusted.ts'

export interface FrontOptions {
  /** A directory with the operator's own pages for refusals, named by status: `507.html`. */
  readonly errorPages?: string | null
  /** Where front servers connect from whose X-Forwarded-For, -Host and -Proto are believed. */
  readonly trustProxy?: readonly Network[]
}

export interface Front {
  readonly errorPages: ErrorPages
  readonly trusts: Trusts
}

/** @throws StartError for what cannot be used; nothing has been opened that would have to be closed */
export function frontOf({ errorPages = null, trustProxy = [] }: FrontOptions): Front {
  return {
    errorPages: errorPages === null ? new Map() : readErrorPages(errorPages),
    trusts: trustsIn(trustProxy),
  }
}

import type { ErrorPages } from './dav/error-page.ts'
import { readErrorPages } from './error-page-files.ts'

export interface FrontOptions {
  /** A directory with the operator's own pages for refusals, named by status: `507.html`. */
  readonly errorPages?: string | null
}

export interface Front {
  readonly errorPages: ErrorPages
}

/** @throws StartError for what cannot be used; nothing has been opened that would have to be closed */
export function frontOf({ errorPages = null }: FrontOptions): Front {
  return { errorPages: errorPages === null ? new Map() : readErrorPages(errorPages) }
}

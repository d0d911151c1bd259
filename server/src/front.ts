import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Network } from './core/network.ts'
import { StartError } from './core/start-error.ts'
import type { ErrorPages } from './dav/error-page.ts'
import type { Handle } from './dav/handle.ts'
import { readErrorPages } from './error-page-files.ts'
import { type HandOver, handingOver, toApache, toNginx } from './http/hand-over.ts'
import { type Trusts, trustsIn } from './http/trusted.ts'

export interface FrontOptions {
  /** A directory with the operator's own pages for refusals, named by status: `507.html`. */
  readonly errorPages?: string | null
  /** Where front servers connect from whose X-Forwarded-For, -Host and -Proto are believed. */
  readonly trustProxy?: readonly Network[]
  /** Which front sends files by itself, and for nginx under which internal location it has the folder. */
  readonly sendfile?: Sendfile | null
}

export type Sendfile = { readonly front: 'apache' } | { readonly front: 'nginx'; readonly location: string }

export interface Front {
  readonly errorPages: ErrorPages
  readonly trusts: Trusts
  /** The handler, with files left to the front where that was asked for. @param folder the served one, which exists */
  handingOver(handle: Handle, folder: string): Handle
}

/** @throws StartError for what cannot be used; nothing has been opened that would have to be closed */
export function frontOf({ errorPages = null, trustProxy = [], sendfile = null }: FrontOptions): Front {
  if (sendfile !== null && trustProxy.length === 0) {
    throw new StartError(
      'files can be handed over to a front server that is trusted, and none is',
      'Say where it connects from, such as --trust-proxy loopback, or leave --sendfile out.',
    )
  }
  return {
    errorPages: errorPages === null ? new Map() : readErrorPages(errorPages),
    trusts: trustsIn(trustProxy),
    handingOver: (handle, folder) =>
      sendfile === null ? handle : handingOver(handle, handOverTo(sendfile, folder)),
  }
}

function handOverTo(sendfile: Sendfile, folder: string): HandOver {
  if (sendfile.front === 'nginx') return toNginx(sendfile.location)
  // The front compares what it gets with the folder that it was told; both must be free of links.
  const real = realpathSync(resolve(folder))
  if (!/\p{Cc}/u.test(real)) return toApache(real)
  throw new StartError(`${real} has a control character in its name`, 'Leave --sendfile out, or rename it.')
}

import type { Deps } from '../core/deps.ts'
import { DavError } from '../core/errors.ts'
import { type ResourcePath, ROOT } from '../core/path.ts'
import type { Call } from './request.ts'
import { STATUS_OF } from './status.ts'

/** Who was refused. */
export interface Refused {
  readonly user: string | null
  readonly method: string
  /** Null where the target was not understood. */
  readonly path: ResourcePath | null
}

export function refusedAt({ request, principal }: Call, path: ResourcePath): Refused {
  return { user: principal.name, method: request.method, path }
}

/** Tells the operator of a 507, be it the answer or a part of a 207; of every other error nothing. */
export function logShortage({ log }: Deps, { user, method, path }: Refused, error: unknown): void {
  if (!(error instanceof DavError) || STATUS_OF[error.code].status !== 507) return
  const { shortage } = error.details
  if (shortage !== undefined) log.refused({ user, method, path: path ?? ROOT, ...shortage })
}

import type { Deps } from '../core/deps.ts'
import { DavError } from '../core/errors.ts'
import { type Guard, ifHolds } from '../core/guard.ts'
import type { Resource } from '../core/resource.ts'
import { parseConditions } from './headers/conditional.ts'
import { parseIf } from './headers/if.ts'
import type { Call } from './request.ts'

/** Under which conditions the request wants to be carried out. @throws DavError 'bad-request' */
export function guardOf({ request, principal, nowMs, place }: Call): Guard {
  return {
    user: principal.name,
    conditions: parseConditions(request.header, nowMs),
    ifHeader: parseIf(request.header('if'), place),
  }
}

/**
 * The If header of a request that only reads: it stops every method where it is false (RFC 4918 §10.4.1).
 * @throws DavError 'bad-request' | 'precondition-failed'
 */
export async function requireIf(
  deps: Deps,
  { request, place, path }: Call,
  current: Resource,
): Promise<void> {
  if (await ifHolds(deps, parseIf(request.header('if'), place), { path, current })) return
  throw new DavError('precondition-failed', 'the resource is not in the state the request asked for', {
    path,
  })
}

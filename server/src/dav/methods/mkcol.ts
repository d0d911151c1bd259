import type { Deps } from '../../core/deps.ts'
import { makeCollection } from '../../core/mkcol.ts'
import { parseConditions } from '../headers/conditional.ts'
import type { Call, DavResponse } from '../request.ts'

/** RFC 4918 §9.3. */
export async function mkcol(deps: Deps, call: Call): Promise<DavResponse> {
  const conditions = parseConditions(call.request.header, call.nowMs)
  await makeCollection(deps, { path: call.path, conditions })
  return { status: 201, headers: { 'Content-Length': '0' }, body: null }
}

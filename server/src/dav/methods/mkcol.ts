import type { Deps } from '../../core/deps.ts'
import { makeCollection } from '../../core/mkcol.ts'
import { guardOf } from '../guard.ts'
import type { Call, DavResponse } from '../request.ts'

/** RFC 4918 §9.3. */
export async function mkcol(deps: Deps, call: Call): Promise<DavResponse> {
  await makeCollection(deps, { path: call.path, guard: guardOf(call) })
  return { status: 201, headers: { 'Content-Length': '0' }, body: null }
}

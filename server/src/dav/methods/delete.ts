import type { Deps } from '../../core/deps.ts'
import { remove } from '../../core/remove.ts'
import { guardOf } from '../guard.ts'
import { parseDepth } from '../headers/depth.ts'
import type { Call, DavResponse } from '../request.ts'

/** RFC 4918 §9.6. A collection goes as a whole, so any Depth but infinity is refused there. */
export async function del(deps: Deps, call: Call): Promise<DavResponse> {
  const { request, path } = call
  const resource = await deps.store.stat(path)
  if (resource?.kind === 'collection') {
    parseDepth(request.header('depth'), { allow: ['infinity'], absent: 'infinity' })
  }
  await remove(deps, { path, guard: guardOf(call) })
  return { status: 204, headers: {}, body: null }
}

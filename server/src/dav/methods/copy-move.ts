import { type Copy, copyTree } from '../../core/copy.ts'
import type { Deps } from '../../core/deps.ts'
import { moveTree } from '../../core/move.ts'
import type { TransferOutcome } from '../../core/transfer.ts'
import { guardOf } from '../guard.ts'
import { parseDepth } from '../headers/depth.ts'
import { parseDestination } from '../headers/destination.ts'
import { parseOverwrite } from '../headers/overwrite.ts'
import { failuresResponse } from '../multistatus.ts'
import type { Call, DavResponse } from '../request.ts'
import { logShortage, refusedAt } from '../shortage.ts'

/** RFC 4918 §9.8. */
export async function copy(deps: Deps, call: Call): Promise<DavResponse> {
  return answer(deps, call, await copyTree(deps, await copyOf(deps, call)))
}

/** @throws DavError as the parsers of the headers do */
export async function copyOf(deps: Deps, call: Call): Promise<Copy> {
  const depth = parseDepth(call.request.header('depth'), { allow: ['0', 'infinity'], absent: 'infinity' })
  return { ...(await transferOf(deps, call)), depth: depth === '0' ? '0' : 'infinity' }
}

/** RFC 4918 §9.9. */
export async function move(deps: Deps, call: Call): Promise<DavResponse> {
  parseDepth(call.request.header('depth'), { allow: ['infinity'], absent: 'infinity' })
  return answer(deps, call, await moveTree(deps, await transferOf(deps, call)))
}

async function transferOf(deps: Deps, call: Call) {
  const { header } = call.request
  const destination = parseDestination(header('destination'), call.place)
  return {
    from: call.path,
    to: await deps.store.resolve(destination.path),
    overwrite: parseOverwrite(header('overwrite')),
    guard: guardOf(call),
  }
}

function answer(deps: Deps, call: Call, { created, failures }: TransferOutcome): DavResponse {
  for (const { path, error } of failures) logShortage(deps, refusedAt(call, path), error)
  if (failures.length > 0) return failuresResponse(failures, (path) => call.href(path, 'file'))
  return { status: created ? 201 : 204, headers: {}, body: null }
}

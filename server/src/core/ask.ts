import { type Copy, measureCopy } from './copy.ts'
import type { Deps } from './deps.ts'
import { type PutHead, requireAdmission, wantOf } from './put.ts'
import { requireRoom, type Want } from './space.ts'

/**
 * Whether an upload would come as far as its body. The checks are those of `put`, in its order; nothing is claimed and
 * nothing written, so by the time of the upload the answer may be another.
 * @returns the most bytes that the file could have
 * @throws DavError as `put` does before the body
 */
export async function askPut(deps: Deps, request: PutHead): Promise<number> {
  requireAdmission(deps, request)
  const want = await wantOf(deps, request, deps.newId())
  const availableBytes = await room(deps, want)
  return Math.min(availableBytes, want.maxFileBytes ?? availableBytes)
}

/**
 * Whether a copy would come as far as its first member, as `askPut`.
 * @returns the most bytes that all files and properties of the copy could have together
 * @throws DavError as `copyTree` does before the first member
 */
export async function askCopy(deps: Deps, copy: Copy): Promise<number> {
  const { want } = await measureCopy(deps, copy)
  return await room(deps, want)
}

async function room(deps: Deps, want: Want): Promise<number> {
  const availableBytes = await requireRoom(deps, want)
  await deps.store.requireCommittable(want.path)
  return availableBytes
}

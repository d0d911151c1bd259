import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import type { Space } from './ledger.ts'
import type { ResourcePath } from './path.ts'

/** The largest file that `path` may be given, in bytes: the smallest bound of the server and of every space around. */
export async function largestFileBytes(deps: Deps, path: ResourcePath): Promise<number | null> {
  return largestFileIn(deps, await deps.state.ledger.enclosing(path))
}

/** The same, given the spaces. */
export function largestFileIn({ limits }: Deps, spaces: readonly Space[]): number | null {
  const bounds = [limits.maxFileBytes, ...spaces.map(({ limitFileBytes }) => limitFileBytes)]
  return bounds.reduce<number | null>(
    (least, bound) => (bound === null ? least : Math.min(least ?? bound, bound)),
    null,
  )
}

/**
 * @param refusal 'file-too-large' for content that is sent, 'copy-too-large' for content that is there already
 * @throws DavError of that code
 */
export function requireFileSize(
  bytes: number,
  maxFileBytes: number | null,
  { path, refusal }: { readonly path: ResourcePath; readonly refusal: 'file-too-large' | 'copy-too-large' },
): void {
  if (maxFileBytes === null || bytes <= maxFileBytes) return
  throw new DavError(refusal, `no file may be larger than ${maxFileBytes} bytes here`, { path, maxFileBytes })
}

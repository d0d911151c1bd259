import { DavError } from '../../core/errors.ts'

export type Depth = '0' | '1' | 'infinity'

export interface DepthRules {
  /** The depths that the method gives a meaning. */
  readonly allow: readonly Depth[]
  /** What a missing header means for the method. */
  readonly absent: Depth
}

/**
 * @throws DavError 'bad-request' for every other value and for a depth that the method does not allow
 * @see RFC 4918 §10.2
 */
export function parseDepth(value: string | undefined, rules: DepthRules): Depth {
  if (value === undefined) return rules.absent
  const depth = value.trim().toLowerCase()
  const known = rules.allow.find((allowed) => allowed === depth)
  if (known === undefined) {
    throw new DavError('bad-request', `Depth must be ${rules.allow.join(' or ')} here, not ${quoted(value)}`)
  }
  return known
}

function quoted(value: string): string {
  return JSON.stringify(value.slice(0, 40))
}

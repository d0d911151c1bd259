import type { ResourcePath } from './path.ts'
import { type EntityTag, entityTagOf, matchesStrongly } from './preconditions.ts'

export type IfCondition =
  | { readonly negated: boolean; readonly token: string }
  | { readonly negated: boolean; readonly etag: EntityTag }

/** Conditions that must all hold for one resource. */
export interface IfList {
  /** Null for the request URL; 'elsewhere' for another host or outside our tree, where nothing is mapped for us. */
  readonly resource: ResourcePath | 'elsewhere' | null
  readonly conditions: readonly IfCondition[]
}

/** The If header of RFC 4918 §10.4. One list that holds is enough. */
export interface IfHeader {
  readonly lists: readonly IfList[]
}

/** What is true of a mapped resource. */
export interface IfFacts {
  /** As in the `ETag` header; null where there is none. */
  readonly etag: string | null
  /** The tokens of every lock in whose scope the resource lies, and of its other states. */
  readonly tokens: readonly string[]
}

/**
 * @param factsOf null when nothing is mapped there: such a resource has no state, so that a condition is false
 *   and its negation true (RFC 4918 §10.4.4)
 */
export function evaluateIf(
  header: IfHeader,
  factsOf: (resource: ResourcePath | null) => IfFacts | null,
): boolean {
  return header.lists.some(({ resource, conditions }) => {
    const facts = resource === 'elsewhere' ? null : factsOf(resource)
    return conditions.every((condition) => matches(condition, facts) !== condition.negated)
  })
}

/** The resources whose facts `evaluateIf` may ask for, each once. */
export function resourcesIn(header: IfHeader): readonly (ResourcePath | null)[] {
  const distinct = new Set(header.lists.map(({ resource }) => resource))
  return [...distinct].flatMap((resource) => (resource === 'elsewhere' ? [] : [resource]))
}

/**
 * The tokens the client shows that it knows, wherever they stand: also negated, in a list that does not hold or
 * about another resource (RFC 4918 §10.4.1).
 */
export function submittedTokens(header: IfHeader | null): ReadonlySet<string> {
  const conditions = header?.lists.flatMap((list) => list.conditions) ?? []
  const tokens = conditions.flatMap((condition) => ('token' in condition ? [condition.token] : []))
  return new Set(tokens.filter((token) => token !== NO_LOCK))
}

/** RFC 4918 §10.4.8: never the token of a lock, there to be negated. */
const NO_LOCK = 'DAV:no-lock'

function matches(condition: IfCondition, facts: IfFacts | null): boolean {
  if (facts === null) return false
  if ('token' in condition) return facts.tokens.includes(condition.token)
  return facts.etag !== null && matchesStrongly(condition.etag, entityTagOf(facts.etag))
}

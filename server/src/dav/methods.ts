import type { Deps } from '../core/deps.ts'
import { type ResourcePath, ROOT } from '../core/path.ts'
import type { Resource } from '../core/resource.ts'
import type { PropertyRegistry } from './properties.ts'
import type { Call, DavResponse } from './request.ts'

export type MethodHandler = (deps: Deps, call: Call, protocol: Protocol) => Promise<DavResponse>

/** What lies at a URL, as far as methods care. */
export type Situation = 'file' | 'collection' | 'root' | 'unmapped'

export interface Method {
  readonly name: string
  readonly handle: MethodHandler
  /** Where the method makes sense: the content of `Allow`. */
  readonly allowedOn: readonly Situation[]
  /** A method that takes no body refuses one rather than ignore it (RFC 4918 §8.4). */
  readonly takesBody: boolean
}

/** What the server speaks: the core and every extension, merged once at start. */
export interface Protocol {
  readonly methods: ReadonlyMap<string, Method>
  readonly properties: PropertyRegistry
  /** The value of the `DAV` header. */
  readonly davTokens: string
}

export function allowed(
  protocol: Protocol,
  path: ResourcePath,
  resource: Resource | null,
): readonly string[] {
  const situation = path === ROOT ? 'root' : (resource?.kind ?? 'unmapped')
  return [...protocol.methods.values()]
    .filter(({ allowedOn }) => allowedOn.includes(situation))
    .map(({ name }) => name)
}

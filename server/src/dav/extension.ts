import type { Method, Protocol } from './methods.ts'
import { CORE_PROPERTIES, type LiveProperty, registry } from './properties.ts'

/** An optional part of the protocol: a record that is merged once, at start. No events, no order of effects. */
export interface Extension {
  readonly name: string
  /** What it adds to the `DAV` header. */
  readonly davTokens: readonly string[]
  readonly methods: readonly Method[]
  readonly liveProperties: readonly LiveProperty[]
}

/** @throws Error if two extensions claim one name: the server must not start */
export function protocolOf(coreMethods: readonly Method[], extensions: readonly Extension[]): Protocol {
  const methods = new Map<string, Method>()
  for (const method of [...coreMethods, ...extensions.flatMap((extension) => extension.methods)]) {
    if (methods.has(method.name)) throw new Error(`two extensions define the method ${method.name}`)
    methods.set(method.name, method)
  }
  return {
    methods,
    properties: registry([
      ...CORE_PROPERTIES,
      ...extensions.flatMap((extension) => extension.liveProperties),
    ]),
    davTokens: ['1, 2, 3', ...extensions.flatMap((extension) => extension.davTokens)].join(', '),
  }
}

export interface Refusal {
  /** The condition in a `DAV:error` with its prefix, such as `D:quota-not-exceeded`; null without one. */
  readonly condition: string | null
  /** The attributes of our `storage` element, numbers as numbers. */
  readonly storage: Readonly<Record<string, string | number>>
}

/** What the XML of a refusal says to programs. */
export function refusalIn(text: string): Refusal {
  const [, condition] = /<D:error\b[^>]*>\s*<((?:D|x):[\w-]+)/.exec(text) ?? []
  const [, attributes = ''] = /<x:storage\b([^>]*)\/>/.exec(text) ?? []
  const storage = [...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
    name,
    /^\d+$/.test(value) ? Number(value) : value,
  ])
  return { condition: condition ?? null, storage: Object.fromEntries(storage) }
}

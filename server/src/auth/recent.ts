/** Remembers values for a while after they were last asked for, and never more than `maxEntries`. */
export interface Recent<Value> {
  get(key: string, now: number): Value | undefined
  set(key: string, value: Value, now: number): void
}

export function createRecent<Value>(bounds: {
  readonly maxEntries: number
  readonly keepSeconds: number
}): Recent<Value> {
  // The order of insertion is the order of use: whatever is used goes to the end.
  const entries = new Map<string, { readonly value: Value; readonly usedAt: number }>()

  function set(key: string, value: Value, now: number): void {
    entries.delete(key)
    entries.set(key, { value, usedAt: now })
    for (const [oldest, { usedAt }] of entries) {
      if (entries.size <= bounds.maxEntries && now - usedAt < bounds.keepSeconds * 1000) break
      entries.delete(oldest)
    }
  }

  return {
    get(key, now) {
      const entry = entries.get(key)
      if (entry === undefined || now - entry.usedAt >= bounds.keepSeconds * 1000) return undefined
      set(key, entry.value, now)
      return entry.value
    },
    set,
  }
}

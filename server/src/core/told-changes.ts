import type { ResourcePath } from './path.ts'

/** Collections of which a change was told, each once, until they are looked at. Times on one clock that goes forward. */
export interface ToldChanges {
  /** @param name the member that came or went, if one did */
  add(path: ResourcePath, name: string | null): void
  /** The same, not before a time. */
  postpone(path: ResourcePath, untilMs: number): void
  /** One whose time has come. */
  take(nowMs: number): Change | null
  /** Until then further changes in the collection only wait. */
  rest(path: ResourcePath, untilMs: number): void
  /** In how many milliseconds the next one is due, 0 where one is; null while there is none. */
  dueInMs(nowMs: number): number | null
}

export interface Change {
  readonly path: ResourcePath
  /** Of members that came or went; null where there were too many to remember. */
  readonly names: readonly string[] | null
}

interface Pending {
  dueMs: number
  names: Set<string> | null
}

// Then what belonged to members that have gone is looked for in the whole collection.
const MOST_NAMES = 10_000
// So many times of rest are remembered before those that are over are dropped.
const MOST_RESTING = 1000

export function toldChanges(): ToldChanges {
  const pending = new Map<ResourcePath, Pending>()
  const resting = new Map<ResourcePath, number>()
  const entry = (path: ResourcePath): Pending => {
    const known = pending.get(path) ?? { dueMs: resting.get(path) ?? 0, names: new Set() }
    pending.set(path, known)
    return known
  }
  return {
    add(path, name) {
      const change = entry(path)
      if (name !== null) change.names?.add(name)
      if (change.names !== null && change.names.size > MOST_NAMES) change.names = null
    },
    postpone(path, untilMs) {
      const change = entry(path)
      change.dueMs = Math.max(change.dueMs, untilMs)
    },
    take(nowMs) {
      if (resting.size > MOST_RESTING) {
        for (const [path, untilMs] of resting) if (untilMs <= nowMs) resting.delete(path)
      }
      for (const [path, { dueMs, names }] of pending) {
        if (dueMs > nowMs) continue
        pending.delete(path)
        return { path, names: names && [...names] }
      }
      return null
    },
    rest(path, untilMs) {
      const waiting = pending.get(path)
      if (waiting !== undefined) waiting.dueMs = Math.max(waiting.dueMs, untilMs)
      resting.set(path, untilMs)
    },
    dueInMs(nowMs) {
      let next: number | null = null
      for (const { dueMs } of pending.values()) {
        if (dueMs <= nowMs) return 0
        next = Math.min(next ?? dueMs, dueMs)
      }
      return next === null ? null : next - nowMs
    },
  }
}

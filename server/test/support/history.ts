/** What may stand at a path: the checksum of a file, 'collection', or null for nothing. */
export type State = string | null

interface Operation {
  readonly state: State
  /** What was named; other than the path itself where a removal took the path along. */
  readonly target: string
  readonly startedAt: number
  /** Infinity as long as nobody has said that it was done. */
  acknowledgedAt: number
}

/**
 * What clients asked for and what they were told, and so what a folder may hold after a crash: of every path the
 * outcome of an operation that nothing acknowledged has come after. The removal of a tree is one operation.
 */
export interface History {
  /** Notes that `path` is about to become `state`, and with it everything below if that is nothing. */
  begin(path: string, state: State): Begun
  /** Compares with what is there. @returns a sentence for everything that must not be so */
  contradictions(found: ReadonlyMap<string, State>): string[]
  /** Takes what is there for what was, once a crash has decided the operations that were open. */
  settle(found: ReadonlyMap<string, State>): void
}

export interface Begun {
  acknowledged(): void
  /** It was refused: the paths are as if it had never been asked for. */
  refused(): void
}

export function newHistory(): History {
  const paths = new Map<string, Operation[]>()
  let clock = 1

  const operationsOn = (path: string): Operation[] => {
    const known = paths.get(path)
    if (known !== undefined) return known
    const operations: Operation[] = [{ state: null, target: path, startedAt: 0, acknowledgedAt: 0 }]
    paths.set(path, operations)
    return operations
  }

  const possible = (path: string, found: ReadonlyMap<string, State>): State[] => {
    const operations = operationsOn(path)
    const done = operations.filter(({ acknowledgedAt }) => acknowledgedAt < Infinity)
    return (
      operations
        .filter((operation) => done.every(({ startedAt }) => startedAt <= operation.acknowledgedAt))
        // A tree goes as a whole: what is still there cannot have taken anything along.
        .filter(
          (operation) =>
            operation.target === path || done.includes(operation) || !found.has(operation.target),
        )
        .map(({ state }) => state)
    )
  }

  return {
    begin(path, state) {
      operationsOn(path)
      const touched = [...paths.keys()].filter(
        (other) => other === path || (state === null && other.startsWith(`${path}/`)),
      )
      const operation: Operation = { state, target: path, startedAt: clock++, acknowledgedAt: Infinity }
      for (const each of touched) operationsOn(each).push(operation)
      return {
        acknowledged() {
          operation.acknowledgedAt = clock++
        },
        refused() {
          for (const each of touched) {
            const operations = operationsOn(each)
            operations.splice(operations.indexOf(operation), 1)
          }
        },
      }
    },

    contradictions(found) {
      const all = new Set([...paths.keys(), ...found.keys()])
      return [...all].flatMap((path) => {
        const state = found.get(path) ?? null
        const allowed = possible(path, found)
        return allowed.includes(state) ? [] : [`${path} is ${state}, allowed: ${allowed.join(' or ')}`]
      })
    },

    settle(found) {
      for (const path of paths.keys()) {
        paths.set(path, [{ state: found.get(path) ?? null, target: path, startedAt: 0, acknowledgedAt: 0 }])
      }
    },
  }
}

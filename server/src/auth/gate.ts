import { DavError } from '../core/errors.ts'

/** Lets a bounded number of tasks run at once and a bounded number wait, in the order they came. */
export interface Gate {
  /** @throws DavError 'overloaded' where too many wait already; the task was not begun */
  run<Result>(task: () => Promise<Result>): Promise<Result>
}

export function createGate(bounds: { readonly maxRunning: number; readonly maxWaiting: number }): Gate {
  const waiting: (() => void)[] = []
  let running = 0

  return {
    async run(task) {
      if (running < bounds.maxRunning) running += 1
      else if (waiting.length >= bounds.maxWaiting) throw overloaded()
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await task()
      } finally {
        // The place is handed on rather than given up, so that no newcomer overtakes those who wait.
        const next = waiting.shift()
        if (next === undefined) running -= 1
        else next()
      }
    },
  }
}

function overloaded(): DavError {
  return new DavError('overloaded', 'too many passwords are being checked at once', { retryAfterSeconds: 2 })
}

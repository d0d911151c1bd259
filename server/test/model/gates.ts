import { setImmediate as turn } from 'node:timers/promises'
import type fc from 'fast-check'
import type { Deps } from '../../src/core/deps.ts'

export interface Gated {
  readonly deps: Deps
  /** To be given to the scheduler: lets everything come to a stand between one gate and the next. */
  quiet(): Promise<void>
}

/** What is asked of the ports without going to the disk or the database, or answered at once. */
const OPEN: ReadonlySet<string> = new Set([
  'exclusive',
  'freeSpace',
  'copiedBytes',
  'close',
  'maintain',
  'giveWay',
  'identity',
])

/**
 * The same ports, with a gate before each call: a scheduler decides whose turn it is. Nothing else runs until the call
 * and all that follows from it up to the next gates has come to a stand, so that an order can be repeated.
 */
export function withGates(deps: Deps, scheduler: fc.Scheduler): Gated {
  let working = 0
  const pass = async (name: string): Promise<void> => {
    working -= 1
    await scheduler.schedule(Promise.resolve(), name)
    working += 1
  }
  const call = async (name: string, work: () => unknown): Promise<unknown> => {
    working += 1
    try {
      await pass(name)
      return await work()
    } finally {
      working -= 1
    }
  }
  const gated = <Port extends object>(port: Port, portName: string): Port =>
    new Proxy(port, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key)
        const name = `${portName}.${String(key)}`
        if (typeof method !== 'function' || OPEN.has(String(key))) return method
        const apply = (...values: readonly unknown[]) => Reflect.apply(method, target, values) as unknown
        if (['list', 'measure', 'paths', 'folders'].includes(String(key))) return apply
        return async (...values: readonly unknown[]) => {
          const [body, ...rest] = values
          const given =
            String(key) === 'append' ? [besides(body as AsyncIterable<Uint8Array>), ...rest] : values
          const result = await call(name, () => apply(...given))
          return portName === 'store' && STAGES.has(String(key)) ? gated(result as object, 'staged') : result
        }
      },
    })
  /** While a body waits at a gate of its own, the call that reads it does not work. */
  async function* besides(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieces = body[Symbol.asyncIterator]()
    for (;;) {
      working -= 1
      const { value, done } = await pieces.next().finally(() => {
        working += 1
      })
      if (done) return
      yield value
    }
  }
  const { state } = deps
  return {
    deps: {
      ...deps,
      store: gated(deps.store, 'store'),
      state: {
        ...state,
        ledger: gated(state.ledger, 'ledger'),
        properties: gated(state.properties, 'properties'),
        locks: gated(state.locks, 'locks'),
      },
    },
    async quiet() {
      for (let still = 0; still < 3; still = working === 0 ? still + 1 : 0) await turn()
    },
  }
}

const STAGES: ReadonlySet<string> = new Set(['stage', 'stageCollection', 'stageCopy', 'detach'])

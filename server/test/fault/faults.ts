import type { Deps } from '../../src/core/deps.ts'
import { DavError, type ErrorCode } from '../../src/core/errors.ts'
import type { Committable } from '../../src/core/store.ts'

/** One failure of a storage or state driver. */
export interface Fault {
  /** The call that fails, counted from 1. */
  readonly call: number
  readonly code: ErrorCode
  /** Whether the driver had done its work before it failed, as when only a sync or an answer was lost. */
  readonly when: 'before' | 'after'
  /** Whether every call from then on fails as well, as on a disk that has died. */
  readonly lasting?: boolean
}

export interface FaultyDeps {
  readonly deps: Deps
  /** The names of the calls that failed. */
  readonly failed: readonly string[]
  /** Closes the files that an operation could not close because that, too, was to fail. */
  letGo(): Promise<void>
}

// What makes no call to the disk or the database that could fail.
const SAFE = ['close', 'freeSpace', 'copiedBytes']

// Synchronous, and undone by itself: when it fails it has done nothing.
const SINGLE: ReadonlySet<string> = new Set(['store.touch'])
const PAGED: ReadonlySet<string> = new Set([
  'store.list',
  'store.measure',
  'ledger.folders',
  'properties.paths',
])
const MAKES_STAGED = /^store\.(stage|detach)/

/** The same ports, of which one call fails: those of the store, of what it stages, and of the three of the state. */
export function withFault(deps: Deps, fault: Fault): FaultyDeps {
  const failed: string[] = []
  const staged: Committable[] = []
  let calls = 0
  const strike = (name: string): boolean => {
    calls += 1
    const struck = fault.lasting ? calls >= fault.call : calls === fault.call
    if (struck) failed.push(name)
    return struck
  }
  const error = () =>
    new DavError(fault.code, 'a fault of the test', { shortage: { cause: 'disk-bytes', needed: 1 } })
  const faulty = <Port extends object>(port: Port, portName: string): Port =>
    new Proxy(port, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key)
        const name = `${portName}.${String(key)}`
        if (typeof method !== 'function' || SAFE.includes(String(key))) return method
        return (...values: unknown[]) => {
          const call = () => Reflect.apply(method, target, values) as unknown
          if (SINGLE.has(name)) return answerNow(call, fault.when === 'before' && strike(name))
          const struck = strike(name)
          if (PAGED.has(name)) return pages(call, struck)
          return answer(call, struck, name)
        }
      },
    })
  async function answer(call: () => unknown, struck: boolean, name: string): Promise<unknown> {
    if (struck && fault.when === 'before') throw error()
    const result = await call()
    if (MAKES_STAGED.test(name)) staged.push(result as Committable)
    if (struck) throw error()
    return MAKES_STAGED.test(name) ? faulty(result as object, 'staged') : result
  }
  function answerNow(call: () => unknown, struck: boolean): unknown {
    if (struck) throw error()
    return call()
  }
  async function* pages(call: () => unknown, struck: boolean): AsyncGenerator<unknown> {
    if (struck && fault.when === 'before') throw error()
    yield* call() as AsyncIterable<unknown>
    if (struck) throw error()
  }
  const { ledger, properties, locks } = deps.state
  const state = {
    ...deps.state,
    ledger: faulty(ledger, 'ledger'),
    properties: faulty(properties, 'properties'),
    locks: faulty(locks, 'locks'),
  }
  return {
    deps: { ...deps, store: faulty(deps.store, 'store'), state },
    failed,
    async letGo() {
      for (const each of staged) await each.discard()
    },
  }
}

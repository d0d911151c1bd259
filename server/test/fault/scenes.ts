import { copyTree } from '../../src/core/copy.ts'
import type { Deps } from '../../src/core/deps.ts'
import { DavError } from '../../src/core/errors.ts'
import { refreshLock, releaseLock, takeLock } from '../../src/core/lock.ts'
import { moveTree } from '../../src/core/move.ts'
import { updateProperties } from '../../src/core/proppatch.ts'
import { limitRoot } from '../conformance/state/harness.ts'
import { at, mkcol, putText, removeAt, UNCONDITIONAL } from './harness.ts'

/** An operation of the core, and what it needs. */
export interface Operation {
  readonly before: (deps: Deps) => Promise<void>
  /** @returns the paths that it says it could not make: those of a copy that succeeds in part */
  readonly run: (deps: Deps) => Promise<readonly string[] | undefined>
}

const LONG = 'new content, '.repeat(400)

/** Every operation that changes something, and two that break off. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'PUT of a new file': {
    before: (deps) => putText(deps, '/beside', 'beside'),
    run: (deps) => whole(putText(deps, '/a', 'new', { declaredBytes: 3 })),
  },
  'PUT over a file': {
    async before(deps) {
      await putText(deps, '/a', 'a rather longer old content')
      await set(deps, '/a', { color: 'red' })
    },
    run: (deps) => whole(putText(deps, '/a', 'new', { declaredBytes: 3 })),
  },
  'PUT of a chunked body that grows': {
    async before(deps) {
      await putText(deps, '/beside', LONG)
      await putText(deps, '/a', 'old')
    },
    run: (deps) => whole(putText(deps, '/a', LONG)),
  },
  'PUT of a body that breaks off': {
    before: (deps) => putText(deps, '/a', 'old'),
    run: (deps) => breakingOff(putText(deps, '/a', 'new', { declaredBytes: 30 }), 'body-incomplete'),
  },
  'PUT of a chunked body that passes the limit': {
    async before(deps) {
      await putText(deps, '/a', 'old')
      await limitRoot(deps.state, 3000)
    },
    run: (deps) => breakingOff(putText(deps, '/a', LONG), 'quota-exceeded'),
  },
  MKCOL: {
    before: (deps) => putText(deps, '/beside', 'beside'),
    run: (deps) => whole(mkcol(deps, '/c')),
  },
  'DELETE of a file': {
    async before(deps) {
      await putText(deps, '/beside', 'beside')
      await putText(deps, '/a', 'old')
      await set(deps, '/a', { color: 'red' })
    },
    run: (deps) => whole(removeAt(deps, '/a')),
  },
  'DELETE of a tree': { before: tree, run: (deps) => whole(removeAt(deps, '/c')) },
  'COPY of a file': {
    async before(deps) {
      await putText(deps, '/a', 'content')
      await set(deps, '/a', { color: 'red' })
    },
    run: (deps) => copied(deps, '/a', '/b'),
  },
  'COPY of a tree': { before: tree, run: (deps) => copied(deps, '/c', '/e') },
  'COPY of a tree over a tree': { before: twoTrees, run: (deps) => copied(deps, '/c', '/e') },
  'MOVE of a file': {
    async before(deps) {
      await putText(deps, '/a', 'content')
      await set(deps, '/a', { color: 'red' })
    },
    run: (deps) => moved(deps, '/a', '/b'),
  },
  'MOVE of a tree': { before: tree, run: (deps) => moved(deps, '/c', '/e') },
  'MOVE of a tree over a tree': { before: twoTrees, run: (deps) => moved(deps, '/c', '/e') },
  'PROPPATCH that sets properties and the time': {
    async before(deps) {
      await putText(deps, '/a', 'content')
      await set(deps, '/a', { color: 'red', size: 'small' })
    },
    run: (deps) => whole(set(deps, '/a', { color: 'green', weight: '17' }, 1_000_000_000)),
  },
  'PROPPATCH that removes a property': {
    async before(deps) {
      await putText(deps, '/a', 'content')
      await set(deps, '/a', { color: 'red', size: 'small' })
    },
    run: (deps) => whole(set(deps, '/a', { color: null })),
  },
  'LOCK of a file': {
    before: (deps) => putText(deps, '/a', 'content'),
    run: (deps) => whole(lock(deps, '/a')),
  },
  'LOCK of an unmapped URL': {
    before: (deps) => putText(deps, '/beside', 'beside'),
    run: (deps) => whole(lock(deps, '/a')),
  },
  'LOCK that refreshes': {
    async before(deps) {
      await putText(deps, '/a', 'content')
      await lock(deps, '/a')
    },
    async run(deps) {
      const guard = { ...UNCONDITIONAL, ifHeader: ifToken(await heldToken(deps)) }
      await refreshLock(deps, { path: at('/a'), guard, timeoutSeconds: 77 })
      return undefined
    },
  },
  UNLOCK: {
    async before(deps) {
      await putText(deps, '/a', 'content')
      await lock(deps, '/a')
    },
    async run(deps) {
      const token = await heldToken(deps)
      await releaseLock(deps, { path: at('/a'), token, guard: UNCONDITIONAL })
      return undefined
    },
  },
}

async function whole(done: Promise<unknown>): Promise<undefined> {
  await done
  return undefined
}

/** What is refused in the end, fault or no fault: it must leave nothing behind. */
async function breakingOff(done: Promise<void>, code: string): Promise<undefined> {
  try {
    await done
  } catch (error) {
    if (!(error instanceof DavError) || error.code !== code) throw error
  }
  return undefined
}

async function tree(deps: Deps): Promise<void> {
  for (const path of ['/c', '/c/d']) await mkcol(deps, path)
  for (const path of ['/beside', '/c/a', '/c/d/b']) await putText(deps, path, `content of ${path}`)
  for (const path of ['/c', '/c/a', '/c/d/b']) await set(deps, path, { color: 'red' })
}

async function twoTrees(deps: Deps): Promise<void> {
  await tree(deps)
  await mkcol(deps, '/e')
  await putText(deps, '/e/old', 'what was there before')
  await set(deps, '/e/old', { color: 'blue' })
}

export async function copied(deps: Deps, from: string, to: string): Promise<readonly string[]> {
  const transfer = { from: at(from), to: at(to), overwrite: true, guard: UNCONDITIONAL }
  const { failures } = await copyTree(deps, { ...transfer, depth: 'infinity' })
  return failures.map(({ path }) => path)
}

export async function moved(deps: Deps, from: string, to: string): Promise<undefined> {
  await moveTree(deps, { from: at(from), to: at(to), overwrite: true, guard: UNCONDITIONAL })
  return undefined
}

/** A PROPPATCH; null removes. */
export async function set(
  deps: Deps,
  path: string,
  values: Readonly<Record<string, string | null>>,
  modifiedMs: number | null = null,
): Promise<void> {
  const changes = Object.entries(values).map(([local, value]) => {
    return { ns: 'urn:z', local, value, chargedBytes: value?.length ?? 0 }
  })
  const failure = await updateProperties(deps, {
    path: at(path),
    guard: UNCONDITIONAL,
    changes,
    modifiedMs,
    refused: null,
  })
  if (failure !== null) throw failure.error
}

export async function lock(deps: Deps, path: string): Promise<void> {
  await takeLock(deps, {
    path: at(path),
    scope: 'exclusive',
    depth: 'infinity',
    owner: 'somebody',
    timeoutSeconds: 1000,
    guard: UNCONDITIONAL,
  })
}

async function heldToken(deps: Deps): Promise<string> {
  const [held] = await deps.state.locks.all(Date.now())
  return held?.token ?? 'urn:uuid:none'
}

function ifToken(token: string) {
  return { lists: [{ resource: null, conditions: [{ negated: false, token }] }] }
}

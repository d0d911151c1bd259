import assert from 'node:assert/strict'
import type {
  ClaimRequest,
  DiskRoom,
  GrowRequest,
  Intent,
  Refusal,
  Removal,
  Space,
} from '../../../src/core/ledger.ts'
import { NO_CHARGE, NO_LIMITS } from '../../../src/core/ledger.ts'
import { type ResourcePath, ROOT, resourcePath } from '../../../src/core/path.ts'
import type { StateStore } from '../../../src/core/state.ts'
import type { Case } from '../cases.ts'

export type NewSpace = Pick<Space, 'path' | 'kind' | 'limitBytes' | 'limitEntries'>
export type StateCase = Case<StateStore, readonly NewSpace[]>

export const PLENTY: DiskRoom = { bytes: 2 ** 50, smallOnlyBytes: 0, entries: 2 ** 30 }

/** `'/a/b'` as a path. */
export function at(path: string): ResourcePath {
  return resourcePath(path.split('/').filter((segment) => segment !== ''))
}

/** A claim for a new file of exactly `bytes`, on a disk with plenty of room. */
export function want(
  id: string,
  path: string,
  bytes: number,
  more: Partial<ClaimRequest> = {},
): ClaimRequest {
  return {
    id,
    kind: 'put',
    path: at(path),
    bytes: { atLeast: bytes, upTo: bytes },
    entries: 1,
    propertyBytes: 0,
    replaces: NO_CHARGE,
    overheadBytes: 0,
    leaseUntilMs: 1_000_000,
    diskRoom: () => PLENTY,
    ...more,
  }
}

export function overwrite(id: string, path: string, bytes: number, replacesBytes: number): ClaimRequest {
  return want(id, path, bytes, replacing(replacesBytes))
}

/** What a claim or an intent says where a file of `bytes` is there already. */
export function replacing(bytes: number): Pick<ClaimRequest, 'replaces'> {
  return { replaces: { bytes, entries: 1, propertyBytes: 0 } }
}

/** Gives collections limits that no removal ends. */
export async function withSpaces(state: StateStore, spaces: readonly NewSpace[]): Promise<void> {
  await state.ledger.configureSpaces(
    spaces.map(({ path, kind, ...limits }) => ({ path, kind, limits: { ...NO_LIMITS, ...limits } })),
  )
}

/** An empty collection. */
export async function makeCollection(state: StateStore, path: string): Promise<void> {
  stored += 1
  const id = `collection-${stored}`
  await granted(state, want(id, path, 0, { kind: 'mkcol' }))
  assert.equal(await commit(state, id, path, becoming(0)), null)
}

/** Gives the root a limit, or none. */
export async function limitRoot(state: StateStore, limitBytes: number | null): Promise<void> {
  await state.ledger.setSpace({ path: ROOT, kind: 'collection', limits: { ...NO_LIMITS, limitBytes } })
}

export function upTo(atLeast: number, most: number, diskRoom = () => PLENTY): GrowRequest {
  return { bytes: { atLeast, upTo: most }, diskRoom }
}

export function becoming(bytes: number, more: Partial<Intent> = {}): Intent {
  return { bytes, entries: 1, replaces: NO_CHARGE, identity: 'identity', contentType: null, ...more }
}

export function removal(id: string, path: string, bytes: number): Removal {
  return {
    id,
    path: at(path),
    identity: 'identity',
    bytes,
    leaseUntilMs: 1_000_000,
  }
}

/** Claims what must be granted. */
export async function granted(state: StateStore, request: ClaimRequest): Promise<number> {
  const answer = await state.ledger.claim(request)
  assert.ok('grantedBytes' in answer, `refused: ${JSON.stringify(answer)}`)
  return answer.grantedBytes
}

/** Claims what must be refused. */
export async function refused(state: StateStore, request: ClaimRequest): Promise<Refusal> {
  const answer = await state.ledger.claim(request)
  assert.ok('refusedBy' in answer, 'granted')
  return answer
}

/** What stands in a refusal, in one line that can be compared. */
export function numbersOf({ refusedBy, unit, needed, available, inFlight }: Refusal) {
  return { by: refusedBy === 'disk' ? 'disk' : refusedBy.path, unit, needed, available, inFlight }
}

let stored = 0

/** Claims, intends and settles: afterwards the file counts as used. */
export async function store(
  state: StateStore,
  request: Pick<ClaimRequest, 'path' | 'replaces'> & { readonly bytes: number },
  contentType: string | null = null,
): Promise<void> {
  const { path, bytes, replaces } = request
  stored += 1
  const id = `store-${stored}`
  await granted(state, { ...want(id, path, bytes), replaces })
  await commit(state, id, path, { ...becoming(bytes), replaces, contentType })
}

/** A new file; see `store`. */
export async function storeNew(
  state: StateStore,
  path: string,
  bytes: number,
  contentType: string | null = null,
): Promise<void> {
  await store(state, { path: at(path), bytes, replaces: NO_CHARGE }, contentType)
}

/** Intends and settles in one section, as an operation does. @returns the refusal, if there was one */
export function commit(state: StateStore, id: string, path: string, intent: Intent): Promise<Refusal | null> {
  return state.exclusive([at(path)], async (tx) => {
    const refusal = await state.ledger.intend(tx, id, intent)
    if (refusal === null) await state.ledger.settle(tx, id)
    return refusal
  })
}

/** Journals and settles the removal of a tree. */
export function removeTree(state: StateStore, what: Removal): Promise<void> {
  return state.exclusive([what.path], async (tx) => {
    await state.ledger.journalRemoval(tx, what)
    await state.ledger.settle(tx, what.id)
  })
}

export interface Counters {
  readonly used: number
  readonly reserved: number
  readonly entries: number
  readonly reservedEntries: number
}

/** The counters of the innermost space around `path`. */
export async function counters(state: StateStore, path = '/'): Promise<Counters> {
  const [space] = await state.ledger.enclosing(at(path))
  assert.ok(space !== undefined)
  return {
    used: space.usedBytes,
    reserved: space.reservedBytes,
    entries: space.usedEntries,
    reservedEntries: space.reservedEntries,
  }
}

export const EMPTY: Counters = { used: 0, reserved: 0, entries: 0, reservedEntries: 0 }

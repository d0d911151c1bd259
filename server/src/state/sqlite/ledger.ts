import type {
  ClaimRequest,
  Grant,
  GrowRequest,
  Intent,
  Ledger,
  Refusal,
  Removal,
  Space,
} from '../../core/state.ts'
import { type Claim, quotaBytes, roomFor, roomForIntent } from '../sql/room.ts'
import type { Database } from './database.ts'
import { type Tables, tablesOf } from './tables.ts'

/** The ledger in SQLite. Every method is one transaction, and so all or nothing. */
export function sqliteLedger(database: Database): Ledger {
  const tables = tablesOf(database)
  return {
    claim: async (request) => database.transaction(() => claim(tables, request)),

    grow: async (id, request) => database.transaction(() => grow(tables, id, request)),
    journalRemoval: async (_tx, removal) => database.transaction(() => journalRemoval(tables, removal)),
    intend: async (_tx, id, intent) => database.transaction(() => intend(tables, id, intent)),
    settle: async (_tx, id) => database.transaction(() => settle(tables, id)),

    release: async (id) =>
      database.transaction(() => {
        const held = tables.claims.find(id)
        if (held !== null) end(tables, held, tables.spaces.enclosing(held.path))
      }),

    async renew(id, leaseUntilMs) {
      database.transaction(() => tables.claims.renew(id, leaseUntilMs))
    },

    expired: async (nowMs) => tables.claims.expired(nowMs),
    journal: async (id) => tables.claims.find(id),
    enclosing: async (path) => tables.spaces.enclosing(path),
    claimedDiskBytes: async () => tables.claims.diskBytes(),

    recount: async (counted) =>
      database.transaction(() => {
        const before = tables.spaces.root()
        const same = before.usedBytes === counted.bytes && before.usedEntries === counted.entries
        if (!same) tables.spaces.setRootUsed(counted.bytes, counted.entries)
        return { bytes: before.usedBytes, entries: before.usedEntries }
      }),

    // Not written when nothing changes: a restart on a full disk must not need room.
    setRootLimit: async (limitBytes) =>
      database.transaction(() => {
        if (tables.spaces.root().limitBytes !== limitBytes) tables.spaces.setRootLimit(limitBytes)
      }),
  }
}

function claim(tables: Tables, request: ClaimRequest): Grant | Refusal {
  const spaces = tables.spaces.enclosing(request.path)
  const empty = { ...request, bytes: null, identity: null, contentType: null }
  const answer = roomFor(empty, spaces, request, tables.claims.diskBytes())
  if ('refusedBy' in answer) return answer
  const held = { ...empty, bytes: answer.grantedBytes }
  tables.claims.insert(held)
  tables.spaces.reserve(spaces, quotaBytes(held), Math.max(0, held.entries))
  return answer
}

function grow(tables: Tables, id: string, request: GrowRequest): Grant | Refusal {
  const held = required(tables, id)
  const spaces = tables.spaces.enclosing(held.path)
  const answer = roomFor(held, spaces, request, tables.claims.diskBytes())
  if ('grantedBytes' in answer) change(tables, held, { ...held, bytes: answer.grantedBytes }, spaces)
  return answer
}

function journalRemoval(tables: Tables, { totals, ...removal }: Removal): void {
  tables.claims.insert({
    ...removal,
    kind: 'remove',
    bytes: 0,
    replacesBytes: totals.bytes,
    entries: -totals.entries,
    overheadBytes: 0,
    contentType: null,
  })
}

function intend(tables: Tables, id: string, intent: Intent): Refusal | null {
  const held = required(tables, id)
  const spaces = tables.spaces.enclosing(held.path)
  const refusal = roomForIntent(held, spaces, intent)
  if (refusal === null) change(tables, held, { ...held, ...intent }, spaces)
  return refusal
}

function settle(tables: Tables, id: string): void {
  const held = tables.claims.find(id)
  if (held === null) return
  const spaces = tables.spaces.enclosing(held.path)
  end(tables, held, spaces)
  tables.spaces.use(spaces, held.bytes - held.replacesBytes, held.entries)
  if (held.kind === 'remove' || held.entries > 0) tables.properties.forgetTree(held.path)
  if (held.kind === 'put') tables.properties.setContentType(held.path, held.contentType)
}

function required(tables: Tables, id: string): Claim {
  const held = tables.claims.find(id)
  if (held === null) throw new Error(`the claim ${id} has ended already`)
  return held
}

function change(tables: Tables, from: Claim, to: Claim, spaces: readonly Space[]): void {
  tables.claims.update(to)
  const entries = Math.max(0, to.entries) - Math.max(0, from.entries)
  tables.spaces.reserve(spaces, quotaBytes(to) - quotaBytes(from), entries)
}

function end(tables: Tables, held: Claim, spaces: readonly Space[]): void {
  tables.claims.remove(held.id)
  tables.spaces.reserve(spaces, -quotaBytes(held), -Math.max(0, held.entries))
}

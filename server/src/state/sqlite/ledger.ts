import { type ResourcePath, ROOT } from '../../core/path.ts'
import type {
  ClaimKind,
  ClaimRequest,
  Grant,
  GrowRequest,
  Intent,
  Ledger,
  Refusal,
  Removal,
  Space,
} from '../../core/state.ts'
import { type Claim, quotaBytes, quotaEntries, roomFor, roomForIntent } from '../sql/room.ts'
import type { Database } from './database.ts'
import { stagedPath, type Tables, tablesOf } from './tables.ts'

/** The ledger in SQLite. Every method is one transaction, and so all or nothing. */
export function sqliteLedger(database: Database): Ledger {
  const tables = tablesOf(database)
  return {
    claim: async (request) => database.transaction(() => claim(tables, request)),
    // No transaction: nothing is written, and nobody else has the database open.
    wouldGrant: async (request) => judge(tables, request).answer,

    grow: async (id, request) => database.transaction(() => grow(tables, id, request)),
    journalRemoval: async (_tx, removal) => database.transaction(() => journalRemoval(tables, removal)),
    intend: async (_tx, id, intent) => database.transaction(() => intend(tables, id, intent)),
    settle: async (_tx, id) => database.transaction(() => settle(tables, id)),

    release: async (id) =>
      database.transaction(() => {
        const held = tables.claims.find(id)
        if (held === null) return
        end(tables, held)
        tables.properties.forgetTree(stagedPath(id))
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
        const propertyBytes = tables.properties.chargedBytes(ROOT, 'infinity')
        const usedBytes = counted.bytes + propertyBytes
        const same = before.usedBytes === usedBytes && before.usedEntries === counted.entries
        if (!same) tables.spaces.setRootUsed(usedBytes, counted.entries)
        return { bytes: before.usedBytes - propertyBytes, entries: before.usedEntries }
      }),

    // Not written when nothing changes: a restart on a full disk must not need room.
    setRootLimit: async (limitBytes) =>
      database.transaction(() => {
        if (tables.spaces.root().limitBytes !== limitBytes) tables.spaces.setRootLimit(limitBytes)
      }),
  }
}

function claim(tables: Tables, request: ClaimRequest): Grant | Refusal {
  const { candidate, spaces, answer } = judge(tables, request)
  if ('refusedBy' in answer) return answer
  const held = { ...candidate, bytes: answer.grantedBytes }
  tables.claims.insert(held)
  tables.spaces.reserve(spaces, quotaBytes(held), quotaEntries(held))
  return answer
}

function judge(tables: Tables, request: ClaimRequest) {
  const candidate = {
    ...request,
    bytes: null,
    identity: null,
    contentType: null,
    sourcePath: request.sourcePath ?? null,
    movedEntries: request.movedEntries ?? 0,
  }
  const spaces = charged(tables, candidate)
  return { candidate, spaces, answer: roomFor(candidate, spaces, request, tables.claims.diskBytes()) }
}

function grow(tables: Tables, id: string, request: GrowRequest): Grant | Refusal {
  const held = required(tables, id)
  const answer = roomFor(held, charged(tables, held), request, tables.claims.diskBytes())
  if ('grantedBytes' in answer) change(tables, held, { ...held, bytes: answer.grantedBytes })
  return answer
}

function journalRemoval(tables: Tables, { totals, ...removal }: Removal): void {
  tables.claims.insert({
    ...removal,
    kind: 'remove',
    bytes: 0,
    replacesBytes: totals.bytes + tables.properties.chargedBytes(removal.path, 'infinity'),
    entries: -totals.entries,
    overheadBytes: 0,
    contentType: null,
    sourcePath: null,
    movedEntries: 0,
  })
}

function intend(tables: Tables, id: string, intent: Intent): Refusal | null {
  const held = required(tables, id)
  const intended = { ...held, ...withProperties(tables, held, intent) }
  const refusal = roomForIntent(held, charged(tables, held), intended)
  if (refusal === null) change(tables, held, intended)
  return refusal
}

/** Adds what properties come and go: they are known only now, and nothing can change them before the commit. */
function withProperties(tables: Tables, { id, kind, path }: Claim, intent: Intent): Intent {
  const { properties } = tables
  const isOverwrite = kind === 'put' && intent.entries === 0
  return {
    ...intent,
    bytes: intent.bytes + properties.chargedBytes(stagedPath(id), 'infinity'),
    replacesBytes: intent.replacesBytes + (isOverwrite ? 0 : properties.chargedBytes(path, 'infinity')),
  }
}

function settle(tables: Tables, id: string): void {
  const held = tables.claims.find(id)
  if (held === null) return
  end(tables, held)
  use(tables, held)
  const { kind, path, sourcePath } = held
  const isOverwrite = kind === 'put' && held.entries === 0
  if (!isOverwrite) forgetReplaced(tables, kind, path)
  if (kind === 'put') tables.properties.setContentType(path, held.contentType)
  if (kind === 'copy') tables.properties.rename(stagedPath(id), path)
  if (kind !== 'move' || sourcePath === null) return
  tables.properties.rename(sourcePath, path)
  tables.locks.removeTree(sourcePath, { root: true })
}

function use(tables: Tables, { path, sourcePath, bytes, replacesBytes, entries, movedEntries }: Claim): void {
  const { spaces } = tables
  const here = spaces.enclosing(path)
  if (sourcePath === null) {
    spaces.use(here, bytes - replacesBytes, entries)
    return
  }
  const there = spaces.enclosing(sourcePath)
  spaces.use(here, -replacesBytes, entries)
  spaces.use(without(here, there), bytes, movedEntries)
  spaces.use(without(there, here), -bytes, -movedEntries)
}

/** A lock on a resource that is replaced stays: its URL is mapped all the time, and its holder will unlock it. */
function forgetReplaced(tables: Tables, kind: ClaimKind, path: ResourcePath): void {
  tables.properties.forgetTree(path)
  tables.locks.removeTree(path, { root: kind === 'remove' })
}

function required(tables: Tables, id: string): Claim {
  const held = tables.claims.find(id)
  if (held === null) throw new Error(`the claim ${id} has ended already`)
  return held
}

function change(tables: Tables, from: Claim, to: Claim): void {
  tables.claims.update(to)
  const bytes = quotaBytes(to) - quotaBytes(from)
  tables.spaces.reserve(charged(tables, from), bytes, quotaEntries(to) - quotaEntries(from))
}

function end(tables: Tables, held: Claim): void {
  tables.claims.remove(held.id)
  tables.spaces.reserve(charged(tables, held), -quotaBytes(held), -quotaEntries(held))
}

/** The spaces in which a claim needs room: of a move only those it enters. */
function charged(tables: Tables, { path, sourcePath }: Pick<Claim, 'path' | 'sourcePath'>): readonly Space[] {
  const here = tables.spaces.enclosing(path)
  return sourcePath === null ? here : without(here, tables.spaces.enclosing(sourcePath))
}

function without(spaces: readonly Space[], others: readonly Space[]): readonly Space[] {
  const excluded = new Set(others.map(({ path }) => path))
  return spaces.filter(({ path }) => !excluded.has(path))
}

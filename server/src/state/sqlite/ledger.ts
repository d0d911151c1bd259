import { type ResourcePath, selfAndAncestors } from '../../core/path.ts'
import type { ClaimJournal, ClaimRequest, Grant, Intent, Ledger, Refusal, Space } from '../../core/state.ts'
import { type Claim, quotaBytes, roomFor, roomForIntent } from '../sql/room.ts'
import type { Database } from './database.ts'

/** The ledger in SQLite. Every method is one transaction, and so all or nothing. */
export function sqliteLedger(database: Database): Ledger {
  const tables = tablesOf(database)
  return {
    claim: async (request) => database.transaction(() => claim(tables, request)),

    grow: async (id, request) =>
      database.transaction(() => {
        const held = tables.claim(id)
        if (held === null) throw new Error(`there is no claim ${id} to grow`)
        const spaces = tables.enclosing(held.path)
        const answer = roomFor(held, spaces, request, tables.claimedDiskBytes())
        if ('grantedBytes' in answer) tables.change(held, { ...held, bytes: answer.grantedBytes }, spaces)
        return answer
      }),

    journalRemoval: async (_tx, { totals, ...removal }) =>
      database.transaction(() => {
        tables.insert({
          ...removal,
          kind: 'remove',
          bytes: 0,
          replacesBytes: totals.bytes,
          entries: -totals.entries,
          overheadBytes: 0,
          contentType: null,
        })
      }),

    intend: async (_tx, id, intent) => database.transaction(() => intend(tables, id, intent)),
    settle: async (_tx, id) => database.transaction(() => settle(tables, id)),

    release: async (id) =>
      database.transaction(() => {
        const held = tables.claim(id)
        if (held !== null) tables.remove(held, tables.enclosing(held.path))
      }),

    async renew(id, leaseUntilMs) {
      database.transaction(() => tables.renew(id, leaseUntilMs))
    },

    expired: async (nowMs) => tables.expired(nowMs),
    journal: async (id) => tables.claim(id),
    enclosing: async (path) => tables.enclosing(path),
    claimedDiskBytes: async () => tables.claimedDiskBytes(),

    recount: async (counted) =>
      database.transaction(() => {
        const before = tables.root()
        const same = before.usedBytes === counted.bytes && before.usedEntries === counted.entries
        if (!same) tables.setRootUsed(counted.bytes, counted.entries)
        return { bytes: before.usedBytes, entries: before.usedEntries }
      }),

    // Not written when nothing changes: a restart on a full disk must not need room.
    setRootLimit: async (limitBytes) =>
      database.transaction(() => {
        if (tables.root().limitBytes !== limitBytes) tables.setRootLimit(limitBytes)
      }),
  }
}

function claim(tables: Tables, request: ClaimRequest): Grant | Refusal {
  const spaces = tables.enclosing(request.path)
  const empty = { ...request, bytes: null, identity: null, contentType: null }
  const answer = roomFor(empty, spaces, request, tables.claimedDiskBytes())
  if ('refusedBy' in answer) return answer
  const held = { ...empty, bytes: answer.grantedBytes }
  tables.insert(held)
  tables.reserve(spaces, quotaBytes(held), Math.max(0, held.entries))
  return answer
}

function intend(tables: Tables, id: string, intent: Intent): Refusal | null {
  const held = tables.claim(id)
  if (held === null) throw new Error(`there is no claim ${id} to commit`)
  const spaces = tables.enclosing(held.path)
  const refusal = roomForIntent(held, spaces, intent)
  if (refusal === null) tables.change(held, { ...held, ...intent }, spaces)
  return refusal
}

function settle(tables: Tables, id: string): void {
  const held = tables.claim(id)
  if (held === null) return
  const spaces = tables.enclosing(held.path)
  tables.remove(held, spaces)
  tables.use(spaces, held.bytes - held.replacesBytes, held.entries)
  if (held.kind === 'remove' || held.entries > 0) tables.forgetProperties(held.path)
  if (held.kind === 'put') tables.setContentType(held.path, held.contentType)
}

type Tables = ReturnType<typeof tablesOf>

/** The statements. Counts of statements per operation are part of the design: one per enclosing space. */
function tablesOf(database: Database) {
  const run = (sql: string, ...values: (string | number | null)[]) => database.prepare(sql).run(...values)
  return {
    claim(id: string): Claim | null {
      const row = database.prepare(`SELECT ${CLAIM} FROM claim WHERE id = ?`).get(id)
      return (row as unknown as Claim | undefined) ?? null
    },
    expired(nowMs: number): readonly ClaimJournal[] {
      const sql = 'SELECT id, kind, path, identity FROM claim WHERE lease_until_ms < ?'
      return database.prepare(sql).all(nowMs) as unknown as readonly ClaimJournal[]
    },
    enclosing(path: ResourcePath): readonly Space[] {
      // Innermost first: the longer of two enclosing paths is the inner one.
      const sql = `SELECT ${SPACE} FROM space WHERE path IN (SELECT value FROM json_each(?)) ORDER BY length(path) DESC`
      return database.prepare(sql).all(JSON.stringify(selfAndAncestors(path))) as unknown as readonly Space[]
    },
    root(): Space {
      return database.prepare(`SELECT ${SPACE} FROM space WHERE path = '/'`).get() as unknown as Space
    },
    claimedDiskBytes(): number {
      const sql = `SELECT coalesce(sum(bytes + overhead_bytes), 0) AS bytes FROM claim WHERE kind <> 'remove'`
      return Number(database.prepare(sql).get()?.bytes)
    },
    insert(row: Claim) {
      run(
        `INSERT INTO claim (id, kind, path, bytes, replaces_bytes, entries, overhead_bytes, identity, content_type,
           lease_until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[row.id, row.kind, row.path, row.bytes, row.replacesBytes, row.entries, row.overheadBytes],
        ...[row.identity, row.contentType, row.leaseUntilMs],
      )
    },
    change(from: Claim, to: Claim, spaces: readonly Space[]) {
      run(
        'UPDATE claim SET bytes = ?, replaces_bytes = ?, entries = ?, identity = ?, content_type = ? WHERE id = ?',
        ...[to.bytes, to.replacesBytes, to.entries, to.identity, to.contentType, to.id],
      )
      this.reserve(
        spaces,
        quotaBytes(to) - quotaBytes(from),
        Math.max(0, to.entries) - Math.max(0, from.entries),
      )
    },
    remove(held: Claim, spaces: readonly Space[]) {
      run('DELETE FROM claim WHERE id = ?', held.id)
      this.reserve(spaces, -quotaBytes(held), -Math.max(0, held.entries))
    },
    reserve(spaces: readonly Space[], bytes: number, entries: number) {
      if (bytes === 0 && entries === 0) return
      const sql =
        'UPDATE space SET reserved_bytes = reserved_bytes + ?, reserved_entries = reserved_entries + ? WHERE path = ?'
      for (const space of spaces) run(sql, bytes, entries, space.path)
    },
    /** Not below zero: a file that grew behind the server's back takes more away than it was charged. */
    use(spaces: readonly Space[], bytes: number, entries: number) {
      const sql =
        'UPDATE space SET used_bytes = max(0, used_bytes + ?), used_entries = max(0, used_entries + ?) WHERE path = ?'
      for (const space of spaces) run(sql, bytes, entries, space.path)
    },
    renew: (id: string, leaseUntilMs: number) =>
      run('UPDATE claim SET lease_until_ms = ? WHERE id = ?', leaseUntilMs, id),
    setRootLimit: (limitBytes: number | null) =>
      run(`UPDATE space SET limit_bytes = ? WHERE path = '/'`, limitBytes),
    setRootUsed: (bytes: number, entries: number) =>
      run(`UPDATE space SET used_bytes = ?, used_entries = ? WHERE path = '/'`, bytes, entries),
    forgetProperties: (path: ResourcePath) =>
      // '0' follows '/' in every order SQLite compares text by, so this is the subtree and nothing else.
      run('DELETE FROM property WHERE path = ? OR (path > ? AND path < ?)', path, `${path}/`, `${path}0`),
    setContentType(path: ResourcePath, value: string | null) {
      const name = [path, 'DAV:', 'getcontenttype'] as const
      if (value === null) run('DELETE FROM property WHERE path = ? AND ns = ? AND local = ?', ...name)
      else run('INSERT OR REPLACE INTO property (path, ns, local, value) VALUES (?, ?, ?, ?)', ...name, value)
    },
  }
}

const CLAIM = `id, kind, path, bytes, replaces_bytes AS replacesBytes, entries, overhead_bytes AS overheadBytes,
  identity, content_type AS contentType, lease_until_ms AS leaseUntilMs`

const SPACE = `path, kind, limit_bytes AS limitBytes, limit_entries AS limitEntries, used_bytes AS usedBytes,
  used_entries AS usedEntries, reserved_bytes AS reservedBytes, reserved_entries AS reservedEntries`

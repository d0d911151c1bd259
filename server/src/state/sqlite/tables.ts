import { type ResourcePath, selfAndAncestors } from '../../core/path.ts'
import type { ClaimJournal, Space } from '../../core/state.ts'
import type { Claim } from '../sql/room.ts'
import type { Database } from './database.ts'

/** The statements, a group for each table. How many an operation takes is part of the design. */
export interface Tables {
  readonly claims: ReturnType<typeof claimTable>
  readonly spaces: ReturnType<typeof spaceTable>
  readonly properties: ReturnType<typeof propertyTable>
}

export function tablesOf(database: Database): Tables {
  return { claims: claimTable(database), spaces: spaceTable(database), properties: propertyTable(database) }
}

const CLAIM = `id, kind, path, bytes, replaces_bytes AS replacesBytes, entries, overhead_bytes AS overheadBytes,
  identity, content_type AS contentType, lease_until_ms AS leaseUntilMs`

function claimTable(database: Database) {
  return {
    find(id: string): Claim | null {
      const row = database.prepare(`SELECT ${CLAIM} FROM claim WHERE id = ?`).get(id)
      return (row as unknown as Claim | undefined) ?? null
    },
    expired(nowMs: number): readonly ClaimJournal[] {
      const sql = 'SELECT id, kind, path, identity FROM claim WHERE lease_until_ms < ?'
      return database.prepare(sql).all(nowMs) as unknown as readonly ClaimJournal[]
    },
    diskBytes(): number {
      const sql = `SELECT coalesce(sum(bytes + overhead_bytes), 0) AS bytes FROM claim WHERE kind <> 'remove'`
      return Number(database.prepare(sql).get()?.bytes)
    },
    insert(row: Claim): void {
      const sql = `INSERT INTO claim (id, kind, path, bytes, replaces_bytes, entries, overhead_bytes, identity,
        content_type, lease_until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
      const { id, kind, path, bytes, replacesBytes, entries, overheadBytes, identity, contentType } = row
      database
        .prepare(sql)
        .run(
          id,
          kind,
          path,
          bytes,
          replacesBytes,
          entries,
          overheadBytes,
          identity,
          contentType,
          row.leaseUntilMs,
        )
    },
    update({ id, bytes, replacesBytes, entries, identity, contentType }: Claim): void {
      const sql =
        'UPDATE claim SET bytes = ?, replaces_bytes = ?, entries = ?, identity = ?, content_type = ? WHERE id = ?'
      database.prepare(sql).run(bytes, replacesBytes, entries, identity, contentType, id)
    },
    renew(id: string, leaseUntilMs: number): void {
      database.prepare('UPDATE claim SET lease_until_ms = ? WHERE id = ?').run(leaseUntilMs, id)
    },
    remove(id: string): void {
      database.prepare('DELETE FROM claim WHERE id = ?').run(id)
    },
  }
}

const SPACE = `path, kind, limit_bytes AS limitBytes, limit_entries AS limitEntries, used_bytes AS usedBytes,
  used_entries AS usedEntries, reserved_bytes AS reservedBytes, reserved_entries AS reservedEntries`

function spaceTable(database: Database) {
  return {
    /** Innermost first: the longer of two enclosing paths is the inner one. */
    enclosing(path: ResourcePath): readonly Space[] {
      const sql = `SELECT ${SPACE} FROM space WHERE path IN (SELECT value FROM json_each(?)) ORDER BY length(path) DESC`
      return database.prepare(sql).all(JSON.stringify(selfAndAncestors(path))) as unknown as readonly Space[]
    },
    root(): Space {
      return database.prepare(`SELECT ${SPACE} FROM space WHERE path = '/'`).get() as unknown as Space
    },
    reserve(spaces: readonly Space[], bytes: number, entries: number): void {
      if (bytes === 0 && entries === 0) return
      const sql =
        'UPDATE space SET reserved_bytes = reserved_bytes + ?, reserved_entries = reserved_entries + ? WHERE path = ?'
      for (const space of spaces) database.prepare(sql).run(bytes, entries, space.path)
    },
    /** Not below zero: a file that grew behind the server's back takes more away than it was charged. */
    use(spaces: readonly Space[], bytes: number, entries: number): void {
      const sql =
        'UPDATE space SET used_bytes = max(0, used_bytes + ?), used_entries = max(0, used_entries + ?) WHERE path = ?'
      for (const space of spaces) database.prepare(sql).run(bytes, entries, space.path)
    },
    setRootLimit(limitBytes: number | null): void {
      database.prepare(`UPDATE space SET limit_bytes = ? WHERE path = '/'`).run(limitBytes)
    },
    setRootUsed(bytes: number, entries: number): void {
      database
        .prepare(`UPDATE space SET used_bytes = ?, used_entries = ? WHERE path = '/'`)
        .run(bytes, entries)
    },
  }
}

function propertyTable(database: Database) {
  return {
    forgetTree(path: ResourcePath): void {
      // '0' follows '/' in the order of bytes, so this is the subtree and nothing else.
      const sql = 'DELETE FROM property WHERE path = ? OR (path > ? AND path < ?)'
      database.prepare(sql).run(path, `${path}/`, `${path}0`)
    },
    setContentType(path: ResourcePath, value: string | null): void {
      const name = [path, 'DAV:', 'getcontenttype'] as const
      if (value === null) {
        database.prepare('DELETE FROM property WHERE path = ? AND ns = ? AND local = ?').run(...name)
      } else {
        database
          .prepare('INSERT OR REPLACE INTO property (path, ns, local, value) VALUES (?, ?, ?, ?)')
          .run(...name, value)
      }
    },
  }
}

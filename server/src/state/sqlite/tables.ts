import { type ResourcePath, ROOT, selfAndAncestors } from '../../core/path.ts'
import type { ClaimJournal, PropertyChange, Space } from '../../core/state.ts'
import type { Claim } from '../sql/room.ts'
import type { Database } from './database.ts'

/** The statements, a group for each table. How many an operation takes is part of the design. */
export interface Tables {
  readonly claims: ReturnType<typeof claimTable>
  readonly spaces: ReturnType<typeof spaceTable>
  readonly properties: ReturnType<typeof propertyTable>
  readonly locks: ReturnType<typeof lockTable>
}

/** Where the properties of a copy wait for its commit; no resource has such a path. */
export function stagedPath(claimId: string, below = ''): ResourcePath {
  return `stage:${claimId}${below}` as ResourcePath
}

export function tablesOf(database: Database): Tables {
  return {
    claims: claimTable(database),
    spaces: spaceTable(database),
    properties: propertyTable(database),
    locks: lockTable(database),
  }
}

const JOURNAL = 'id, kind, path, identity'

const CLAIM = `id, kind, path, bytes, replaces_bytes AS replacesBytes, entries, overhead_bytes AS overheadBytes,
  identity, content_type AS contentType, lease_until_ms AS leaseUntilMs, source_path AS sourcePath,
  moved_entries AS movedEntries`

function claimTable(database: Database) {
  return {
    find(id: string): Claim | null {
      const row = database.prepare(`SELECT ${CLAIM} FROM claim WHERE id = ?`).get(id)
      return (row as unknown as Claim | undefined) ?? null
    },
    expired(nowMs: number): readonly ClaimJournal[] {
      const sql = `SELECT ${JOURNAL} FROM claim WHERE lease_until_ms < ?`
      return database.prepare(sql).all(nowMs) as unknown as readonly ClaimJournal[]
    },
    diskBytes(): number {
      const sql = `SELECT coalesce(sum(bytes + overhead_bytes), 0) AS bytes FROM claim WHERE kind NOT IN ('remove', 'move')`
      return Number(database.prepare(sql).get()?.bytes)
    },
    insert(row: Claim): void {
      const sql = `INSERT INTO claim (id, kind, path, bytes, replaces_bytes, entries, overhead_bytes, identity,
        content_type, lease_until_ms, source_path, moved_entries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
      const { id, kind, path, bytes, replacesBytes, entries, overheadBytes, identity, contentType } = row
      const first = [id, kind, path, bytes, replacesBytes, entries, overheadBytes, identity, contentType]
      database.prepare(sql).run(...first, row.leaseUntilMs, row.sourcePath, row.movedEntries)
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
    chargedBytes(path: ResourcePath, depth: '0' | 'infinity'): number {
      const where = depth === '0' ? 'path = ?' : IN_TREE
      const sql = `SELECT coalesce(sum(charged_bytes), 0) AS bytes FROM property WHERE holder IN
        (SELECT id FROM property_holder WHERE ${where})`
      const row = database.prepare(sql).get(...(depth === '0' ? [path] : inTree(path)))
      return Number(row?.bytes)
    },
    forget(path: ResourcePath): void {
      database.prepare('DELETE FROM property_holder WHERE path = ?').run(path)
    },
    forgetTree(path: ResourcePath): void {
      database.prepare(`DELETE FROM property_holder WHERE ${IN_TREE}`).run(...inTree(path))
    },
    rename(from: ResourcePath, to: ResourcePath): void {
      database
        .prepare(`UPDATE property_holder SET ${NEW_PATH} WHERE ${IN_TREE}`)
        .run(...newPath(from, to), ...inTree(from))
    },
    copy(from: ResourcePath, to: ResourcePath): void {
      if (database.prepare('SELECT id FROM property_holder WHERE path = ?').get(from) === undefined) return
      const holder = this.hold(to)
      const sql = `INSERT INTO property (holder, ns, local, value, charged_bytes)
        SELECT ?, ns, local, value, charged_bytes FROM property
        WHERE holder = (SELECT id FROM property_holder WHERE path = ?)`
      database.prepare(sql).run(holder, from)
    },
    set(path: ResourcePath, { ns, local, value, chargedBytes }: PropertyChange & { value: string }): void {
      const sql =
        'INSERT OR REPLACE INTO property (holder, ns, local, value, charged_bytes) VALUES (?, ?, ?, ?, ?)'
      database.prepare(sql).run(this.hold(path), ns, local, value, chargedBytes)
    },
    remove(path: ResourcePath, ns: string, local: string): void {
      const holder = '(SELECT id FROM property_holder WHERE path = ?)'
      database
        .prepare(`DELETE FROM property WHERE holder = ${holder} AND ns = ? AND local = ?`)
        .run(path, ns, local)
      database
        .prepare(
          'DELETE FROM property_holder WHERE path = ? AND NOT EXISTS (SELECT 1 FROM property WHERE holder = id)',
        )
        .run(path)
    },
    setContentType(path: ResourcePath, value: string | null): void {
      const name = { ns: 'DAV:', local: 'getcontenttype' }
      if (value === null) this.remove(path, name.ns, name.local)
      else this.set(path, { ...name, value, chargedBytes: 0 })
    },
    /** The number under which the properties of a resource are kept. */
    hold(path: ResourcePath): number {
      database.prepare('INSERT INTO property_holder (path) VALUES (?) ON CONFLICT DO NOTHING').run(path)
      return Number(database.prepare('SELECT id FROM property_holder WHERE path = ?').get(path)?.id)
    },
  }
}

function lockTable(database: Database) {
  return {
    removeTree(path: ResourcePath, { root }: { readonly root: boolean }): void {
      const where = root ? IN_TREE : 'path > ? AND path < ?'
      database
        .prepare(`DELETE FROM lock WHERE ${where}`)
        .run(...(root ? inTree(path) : inTree(path).slice(1)))
    },
  }
}

// '0' follows '/' in the order of bytes, so this is a path and what is below it, and nothing beside it.
export const IN_TREE = '(path = ? OR (path > ? AND path < ?))'

export function inTree(path: ResourcePath): [string, string, string] {
  return path === ROOT ? [path, path, '0'] : [path, `${path}/`, `${path}0`]
}

const NEW_PATH = 'path = ? || substr(path, ?)'

function newPath(from: ResourcePath, to: ResourcePath): [string, number] {
  // substr counts characters from 1, and so does length in SQLite: code points, not UTF-16 units.
  return [to, [...from].length + 1]
}

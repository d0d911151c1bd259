import { type Charge, NO_CHARGE, type SpaceSetting } from '../../../core/ledger.ts'
import { type ResourcePath, selfAndAncestors } from '../../../core/path.ts'
import { MOST_BYTES } from '../../../core/resource.ts'
import { enforcedBytes, type SpaceRow } from '../../sql/room.ts'
import type { Database } from '../database.ts'
import { IN_TREE, inTree, NEW_PATH, newPath } from './paths.ts'

// Bounded where it is read too: an older version has written sums that no number can hold.
const USED = `min(used_bytes, ${MOST_BYTES})`

const SPACE = `id, path, kind, is_configured AS isConfigured, limit_bytes AS limitBytes, limit_entries AS limitEntries,
  limit_file_bytes AS limitFileBytes, limit_property_bytes AS limitPropertyBytes,
  soft_limit_bytes AS softLimitBytes, grace_seconds AS graceSeconds, over_since_ms AS overSinceMs,
  ${USED} AS usedBytes, used_entries AS usedEntries, used_property_bytes AS usedPropertyBytes,
  reserved_bytes AS reservedBytes, reserved_entries AS reservedEntries,
  reserved_property_bytes AS reservedPropertyBytes`

// An UPDATE sees the values from before itself, so the new sum is written out. The earlier of then and now: a grace that
// began while the clock was ahead must not last until it is there again.
const USE = `UPDATE space SET used_bytes = min(max(0, ${USED} + :bytes), ${MOST_BYTES}),
  used_entries = max(0, used_entries + :entries),
  used_property_bytes = max(0, used_property_bytes + :propertyBytes),
  over_since_ms = CASE WHEN soft_limit_bytes IS NULL OR used_bytes + :bytes <= soft_limit_bytes THEN NULL
    ELSE min(coalesce(over_since_ms, :nowMs), :nowMs) END
  WHERE id IN (SELECT value FROM json_each(:ids))`

/** The spaces. One statement changes all that enclose a path, however many they are. */
export function spaceTable(database: Database, nowMs: () => number) {
  const rows = (where: string, ...values: (string | number)[]): readonly SpaceRow[] =>
    database
      .prepare(`SELECT ${SPACE} FROM space ${where}`)
      .all(...values)
      .map((row) => spaceOf(row as unknown as SpaceRow, nowMs()))
  const account = (spaces: readonly SpaceRow[], { bytes, entries, propertyBytes }: Charge): void => {
    const ids = JSON.stringify(spaces.map(({ id }) => id))
    database.prepare(USE).run({ bytes, entries, propertyBytes, nowMs: nowMs(), ids })
  }
  return {
    /** Innermost first: the longer of two enclosing paths is the inner one. */
    enclosing: (path: ResourcePath): readonly SpaceRow[] =>
      rows(
        'WHERE path IN (SELECT value FROM json_each(?)) ORDER BY length(path) DESC',
        JSON.stringify(selfAndAncestors(path)),
      ),
    all: (): readonly SpaceRow[] => rows('ORDER BY path'),
    find: (path: ResourcePath): SpaceRow | null => rows('WHERE path = ?', path)[0] ?? null,
    below: (path: ResourcePath): readonly SpaceRow[] =>
      rows('WHERE path > ? AND path < ? ORDER BY path', ...inTree(path).slice(1)),
    reserve(ids: readonly number[], { bytes, entries, propertyBytes }: Charge, sign: 1 | -1): void {
      if (ids.length === 0 || (bytes === 0 && entries === 0 && propertyBytes === 0)) return
      const sql = `UPDATE space SET reserved_bytes = reserved_bytes + ?, reserved_entries = reserved_entries + ?,
        reserved_property_bytes = reserved_property_bytes + ? WHERE id IN (SELECT value FROM json_each(?))`
      database.prepare(sql).run(sign * bytes, sign * entries, sign * propertyBytes, JSON.stringify(ids))
    },
    use(spaces: readonly SpaceRow[], change: Charge): void {
      if (spaces.length === 0 || Object.values(change).every((amount) => amount === 0)) return
      account(spaces, change)
    },
    /** @returns the space, new or with other limits; its counters are as they were */
    put(setting: SpaceSetting, isConfigured: boolean): SpaceRow {
      put(database, setting, isConfigured)
      // The same use against another soft limit.
      account(rows('WHERE path = ?', setting.path), NO_CHARGE)
      const [row] = rows('WHERE path = ?', setting.path)
      if (row === undefined) throw new Error(`the space ${setting.path} was not written`)
      return row
    },
    remove(path: ResourcePath): void {
      database.prepare('DELETE FROM space WHERE path = ?').run(path)
    },
    /** Ends the spaces at and below `path` that belong to their folder. */
    removeTree(path: ResourcePath, { root }: { readonly root: boolean }): void {
      const where = root ? IN_TREE : 'path > ? AND path < ?'
      database
        .prepare(`DELETE FROM space WHERE is_configured = 0 AND ${where}`)
        .run(...(root ? inTree(path) : inTree(path).slice(1)))
    },
    /** Takes along the spaces at and below `from` that belong to their folder. */
    rename(from: ResourcePath, to: ResourcePath): void {
      database
        .prepare(`UPDATE space SET ${NEW_PATH} WHERE is_configured = 0 AND ${IN_TREE}`)
        .run(...newPath(from, to), ...inTree(from))
    },
  }
}

function put(database: Database, { path, kind, limits }: SpaceSetting, isConfigured: boolean): void {
  const sql = `INSERT INTO space (path, kind, is_configured, limit_bytes, limit_entries, limit_file_bytes,
      limit_property_bytes, soft_limit_bytes, grace_seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (path) DO UPDATE SET kind = excluded.kind, is_configured = excluded.is_configured,
      limit_bytes = excluded.limit_bytes, limit_entries = excluded.limit_entries,
      limit_file_bytes = excluded.limit_file_bytes, limit_property_bytes = excluded.limit_property_bytes,
      soft_limit_bytes = excluded.soft_limit_bytes, grace_seconds = excluded.grace_seconds`
  const { limitBytes, limitEntries, limitFileBytes, limitPropertyBytes, softLimitBytes, graceSeconds } =
    limits
  const numbers = [limitBytes, limitEntries, limitFileBytes, limitPropertyBytes, softLimitBytes]
  database.prepare(sql).run(path, kind, Number(isConfigured), ...numbers, graceSeconds)
}

function spaceOf(row: SpaceRow, nowMs: number): SpaceRow {
  return { ...row, isConfigured: Boolean(row.isConfigured), enforcedBytes: enforcedBytes(row, nowMs) }
}

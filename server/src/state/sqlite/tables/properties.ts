import type { ResourcePath } from '../../../core/path.ts'
import type { PropertyChange } from '../../../core/state.ts'
import type { Database } from '../database.ts'
import { IN_TREE, inTree, NEW_PATH, newPath } from './paths.ts'

/** Stored properties, by the path of their resource. */
export function propertyTable(database: Database) {
  return {
    chargedBytes(path: ResourcePath, depth: '0' | 'infinity'): number {
      const where = depth === '0' ? 'path = ?' : IN_TREE
      const sql = `SELECT coalesce(sum(charged_bytes), 0) AS bytes FROM property WHERE holder IN
        (SELECT id FROM property_holder WHERE ${where})`
      const row = database.prepare(sql).get(...(depth === '0' ? [path] : inTree(path)))
      return Number(row?.bytes)
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

import type { FolderCount } from '../../../core/ledger.ts'
import type { ResourcePath } from '../../../core/path.ts'
import { MOST_BYTES, type Totals } from '../../../core/resource.ts'
import type { Database } from '../database.ts'
import { IN_TREE, inTree, NEW_PATH, newPath } from './paths.ts'

/** What each collection holds itself. */
export function folderTable(database: Database) {
  return {
    find(path: ResourcePath): Totals | null {
      const row = database
        .prepare(`SELECT min(bytes, ${MOST_BYTES}) AS bytes, entries FROM folder WHERE path = ?`)
        .get(path)
      return (row as unknown as Totals | undefined) ?? null
    },
    put({ path, bytes, entries }: FolderCount): void {
      database
        .prepare('INSERT OR REPLACE INTO folder (path, bytes, entries) VALUES (?, ?, ?)')
        .run(path, bytes, entries)
    },
    /**
     * Not below zero: a file that grew behind the server's back takes more away than it was charged. Nor above what can
     * be counted.
     * @returns by how much the record has really changed
     */
    add(path: ResourcePath, { bytes, entries }: Totals): Totals {
      const before = this.find(path) ?? { bytes: 0, entries: 0 }
      const after = {
        bytes: Math.min(Math.max(0, before.bytes + bytes), MOST_BYTES),
        entries: Math.max(0, before.entries + entries),
      }
      const change = { bytes: after.bytes - before.bytes, entries: after.entries - before.entries }
      if (change.bytes !== 0 || change.entries !== 0) this.put({ path, ...after })
      return change
    },
    /** Of everything strictly below `path`. */
    sum(path: ResourcePath): Totals {
      const { bytes, entries } = this.tree(path)
      return { bytes, entries }
    },
    /** The same, and whether there is a record of `path` itself. */
    tree(path: ResourcePath): Totals & { readonly isRecorded: boolean } {
      const sql = `SELECT min(coalesce(sum(bytes), 0), ${MOST_BYTES}) AS bytes, coalesce(sum(entries), 0) AS entries,
        coalesce(max(path = ?), 0) AS isRecorded FROM folder WHERE ${IN_TREE}`
      const row = database.prepare(sql).get(path, ...inTree(path))
      return { bytes: Number(row?.bytes), entries: Number(row?.entries), isRecorded: row?.isRecorded === 1 }
    },
    removeTree(path: ResourcePath): void {
      database.prepare(`DELETE FROM folder WHERE ${IN_TREE}`).run(...inTree(path))
    },
    rename(from: ResourcePath, to: ResourcePath): void {
      database
        .prepare(`UPDATE folder SET ${NEW_PATH} WHERE ${IN_TREE}`)
        .run(...newPath(from, to), ...inTree(from))
    },
    page(tree: ResourcePath, after: string, most: number): readonly ResourcePath[] {
      const sql = `SELECT path FROM folder WHERE ${IN_TREE} AND path > ? ORDER BY path LIMIT ?`
      const rows = database.prepare(sql).all(...inTree(tree), after, most)
      return rows.map(({ path }) => path as ResourcePath)
    },
  }
}

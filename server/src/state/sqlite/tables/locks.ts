import type { ResourcePath } from '../../../core/path.ts'
import type { Database } from '../database.ts'
import { IN_TREE, inTree } from './paths.ts'

/** What becomes of locks when their resource goes. */
export function lockTable(database: Database) {
  return {
    removeTree(path: ResourcePath, { root }: { readonly root: boolean }): void {
      const where = root ? IN_TREE : 'path > ? AND path < ?'
      database
        .prepare(`DELETE FROM lock WHERE ${where}`)
        .run(...(root ? inTree(path) : inTree(path).slice(1)))
    },
  }
}

import type { ResourcePath } from '../../core/path.ts'
import type { Properties, Property } from '../../core/state.ts'
import type { Database } from './database.ts'

interface PropertyRow {
  readonly path: ResourcePath
  readonly ns: string
  readonly local: string
  readonly value: string
}

export function sqliteProperties(database: Database): Properties {
  return {
    async of(paths) {
      const rows = database
        .prepare('SELECT path, ns, local, value FROM property WHERE path IN (SELECT value FROM json_each(?))')
        .all(JSON.stringify(paths)) as unknown as readonly PropertyRow[]
      const found = new Map<ResourcePath, Property[]>()
      for (const { path, ...property } of rows) {
        const known = found.get(path)
        if (known === undefined) found.set(path, [property])
        else known.push(property)
      }
      return found
    },
  }
}

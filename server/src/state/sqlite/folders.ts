import type { Drift, FolderCount, Ledger } from '../../core/ledger.ts'
import type { ResourcePath } from '../../core/path.ts'
import type { Database } from './database.ts'
import { recountSpaces } from './settle.ts'
import type { Tables } from './tables/index.ts'
import { stagedPath } from './tables/paths.ts'

const PAGE_FOLDERS = 500

type FolderLedger = Pick<
  Ledger,
  'charged' | 'stageFolder' | 'compare' | 'correct' | 'forgetFolder' | 'record' | 'folders'
>

/** The records of folders, on which every counter is based. */
export function folderLedger(database: Database, tables: Tables): FolderLedger {
  return {
    charged: async (path) => tables.folders.sum(path),
    async stageFolder(claimId, below, change) {
      database.transaction(() => {
        const path = stagedPath(claimId, below)
        const before = tables.folders.find(path) ?? { bytes: 0, entries: 0 }
        const after = { bytes: before.bytes + change.bytes, entries: before.entries + change.entries }
        tables.folders.put({ path, ...after })
      })
    },
    compare: async (counted) => driftOf(tables, counted),
    correct: async (counted) => database.transaction(() => correct(tables, counted)),
    forgetFolder: async (path) => database.transaction(() => forget(tables, path)),
    record: async (path) => (tables.folders.find(path) === null ? null : tables.folders.sum(path)),
    async *folders(path) {
      for (let after = ''; ; ) {
        const page = tables.folders.page(path, after, PAGE_FOLDERS)
        if (page.length === 0) return
        yield page
        after = page.at(-1) ?? ''
      }
    },
  }
}

function driftOf(tables: Tables, { path, bytes, entries }: FolderCount): Drift | null {
  const recorded = tables.folders.find(path)
  if (recorded?.bytes === bytes && recorded.entries === entries) return null
  return { path, recorded, counted: { bytes, entries } }
}

function correct(tables: Tables, counted: FolderCount): Drift | null {
  const drift = driftOf(tables, counted)
  if (drift === null) return null
  tables.folders.put(counted)
  const bytes = counted.bytes - (drift.recorded?.bytes ?? 0)
  const entries = counted.entries - (drift.recorded?.entries ?? 0)
  tables.spaces.use(tables.spaces.enclosing(counted.path), { bytes, entries, propertyBytes: 0 })
  return drift
}

function forget(tables: Tables, path: ResourcePath): Drift | null {
  if (tables.folders.find(path) === null) return null
  const recorded = tables.folders.sum(path)
  tables.folders.removeTree(path)
  tables.spaces.use(tables.spaces.enclosing(path), {
    bytes: -recorded.bytes,
    entries: -recorded.entries,
    propertyBytes: 0,
  })
  tables.spaces.removeTree(path, { root: true })
  // Those of the configuration stay, with nothing in them.
  recountSpaces(tables, path)
  return { path, recorded, counted: null }
}

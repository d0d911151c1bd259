import type { Charge } from '../../core/ledger.ts'
import type { ResourcePath } from '../../core/path.ts'
import { mostForOne } from '../../core/pressure.ts'
import type {
  Properties,
  Property,
  PropertyChange,
  PropertyPatch,
  PropertyRefusal,
} from '../../core/state.ts'
import { roomForProperties } from '../sql/room.ts'
import type { Database } from './database.ts'
import { recountSpaces } from './settle.ts'
import type { Tables } from './tables/index.ts'
import { IN_TREE, inTree, stagedPath } from './tables/paths.ts'

interface PropertyRow extends Property {
  readonly path: ResourcePath
}

const PAGE_PATHS = 500

export function sqliteProperties(database: Database, tables: Tables): Properties {
  return {
    async of(paths) {
      const rows = database
        .prepare(`SELECT path, ns, local, value FROM property JOIN property_holder ON id = holder
          WHERE path IN (SELECT value FROM json_each(?))`)
        .all(JSON.stringify(paths)) as unknown as readonly PropertyRow[]
      const found = new Map<ResourcePath, Property[]>()
      for (const { path, ...property } of rows) {
        const known = found.get(path)
        if (known === undefined) found.set(path, [property])
        else known.push(property)
      }
      return found
    },
    patch: async (_tx, path, patch) => patchOrUndo(database, tables, path, patch),
    chargedBytes: async (path, depth) => tables.properties.chargedBytes(path, depth),
    async stage(claimId, from, below) {
      database.growth(() => tables.properties.copy(from, stagedPath(claimId, below)))
    },
    async unstage(claimId, below) {
      database.transaction(() => tables.properties.forgetTree(stagedPath(claimId, below)))
    },
    async *paths(tree) {
      const where = tree === null ? '' : `${IN_TREE} AND`
      const sql = `SELECT path FROM property_holder WHERE ${where} path > ? ORDER BY path LIMIT ?`
      const bounds = tree === null ? [] : inTree(tree)
      let after = ''
      for (;;) {
        const page = database
          .prepare(sql)
          .all(...bounds, after, PAGE_PATHS) as unknown as readonly PropertyRow[]
        if (page.length === 0) return
        yield page.map(({ path }) => path)
        after = page.at(-1)?.path ?? ''
      }
    },
    async forget(_tx, paths) {
      database.transaction(() => {
        for (const path of paths) forgetTree(tables, path)
      })
    },
  }
}

function forgetTree(tables: Tables, path: ResourcePath): void {
  const freed = tables.properties.chargedBytes(path, 'infinity')
  tables.properties.forgetTree(path)
  tables.spaces.use(tables.spaces.enclosing(path), growthBy(-freed))
  recountSpaces(tables, path)
}

/** What happens alongside is no part of the transaction, so it is undone where that is not kept. */
function patchOrUndo(
  database: Database,
  tables: Tables,
  path: ResourcePath,
  patch: PropertyPatch,
): PropertyRefusal | null {
  const undos: (() => void)[] = []
  const undo = (): void => {
    for (let last = undos.pop(); last !== undefined; last = undos.pop()) last()
  }
  const work = (): PropertyRefusal | null => {
    // Where there was no room for it, it is tried again, and may be refused then.
    undo()
    const refusal = applyPatch(database, tables, path, patch)
    if (refusal === null && patch.alongside !== undefined) undos.push(patch.alongside())
    return refusal
  }
  const onlyRemoves = patch.changes.every(({ value }) => value === null)
  try {
    return onlyRemoves ? database.transaction(work) : database.growth(work)
  } catch (error) {
    undo()
    throw error
  }
}

function applyPatch(
  database: Database,
  tables: Tables,
  path: ResourcePath,
  { changes, mostBytes, diskRoom }: PropertyPatch,
): PropertyRefusal | null {
  const heldBytes = tables.properties.chargedBytes(path, '0')
  const sums = runningSums(database, path, changes)
  const growthBytes = sums.at(-1) ?? 0
  const spaces = tables.spaces.enclosing(path)
  const claimed = tables.claims.onDisk()
  const disk = { roomBytes: mostForOne(diskRoom(claimed)), claimedBytes: claimed.bytes }
  const refusalOf = (bytes: number) =>
    bytes > 0 && heldBytes + bytes > mostBytes
      ? { refusedBy: 'resource' as const, needed: heldBytes + bytes, available: mostBytes }
      : roomForProperties(spaces, bytes, disk)
  // What is there at the end decides; the change at which the room first ran out is the one to name.
  const refusal = refusalOf(growthBytes)
  if (refusal !== null) return { index: sums.findIndex((sum) => refusalOf(sum) !== null), refusal }
  for (const { ns, local, value, chargedBytes } of changes) {
    if (value === null) tables.properties.remove(path, ns, local)
    else tables.properties.set(path, { ns, local, value, chargedBytes })
  }
  if (growthBytes !== 0) tables.spaces.use(spaces, growthBy(growthBytes))
  return null
}

function growthBy(bytes: number): Charge {
  return { bytes, entries: 0, propertyBytes: bytes }
}

/** By how much the charge has grown after each of the changes. */
function runningSums(
  database: Database,
  path: ResourcePath,
  changes: readonly PropertyChange[],
): readonly number[] {
  const rows = database
    .prepare(`SELECT ns, local, charged_bytes AS chargedBytes FROM property
      WHERE holder = (SELECT id FROM property_holder WHERE path = ?)`)
    .all(path) as unknown as readonly PropertyChange[]
  const key = ({ ns, local }: PropertyChange): string => `${ns} ${local}`
  const charges = new Map(rows.map((row) => [key(row), row.chargedBytes]))
  let sum = 0
  return changes.map((change) => {
    const after = change.value === null ? 0 : change.chargedBytes
    sum += after - (charges.get(key(change)) ?? 0)
    charges.set(key(change), after)
    return sum
  })
}

import type { Charge } from '../../core/ledger.ts'
import { parentOf, type ResourcePath } from '../../core/path.ts'
import type { Totals } from '../../core/resource.ts'
import type { Claim, SpaceRow } from '../sql/room.ts'
import type { Tables } from './tables/index.ts'
import { stagedPath } from './tables/paths.ts'

/**
 * Carries out in the rows what has happened in the tree: the records of folders change, the spaces by as much as
 * those, and properties, locks and inner spaces share the fate of what held them.
 */
export function settle(tables: Tables, held: Claim): void {
  const { kind, path } = held
  const overwrites = kind === 'put' && held.replacesEntries > 0
  const leaving = overwrites ? NO_TREE : leave(tables, held)
  const arriving = arrive(tables, held)
  const own = tables.folders.add(parentOf(path), {
    bytes: arrivingBytes(held, arriving) - replacedBytes(held, leaving),
    entries: Number(kind !== 'remove') - Number(held.replacesEntries > 0),
  })
  tables.spaces.use(tables.spaces.enclosing(parentOf(path)), {
    bytes: own.bytes + arriving.bytes + arriving.propertyBytes - leaving.bytes - leaving.propertyBytes,
    entries: own.entries + arriving.entries - leaving.entries,
    propertyBytes: arriving.propertyBytes - leaving.propertyBytes,
  })
  if (kind === 'put') tables.properties.setContentType(path, held.contentType)
  if (kind !== 'put') recountSpaces(tables, path)
}

/** What a tree brings along or takes away besides the name and the content of its root. */
interface Tree extends Totals {
  readonly propertyBytes: number
  readonly isCollection: boolean
}

const NO_TREE: Tree = { bytes: 0, entries: 0, propertyBytes: 0, isCollection: false }

/** A lock on a resource that is replaced stays: its URL is mapped all the time, and its holder will unlock it. */
function leave(tables: Tables, { kind, path, sourcePath }: Claim): Tree {
  const tree = treeAt(tables, path)
  tables.folders.removeTree(path)
  tables.properties.forgetTree(path)
  tables.locks.removeTree(path, { root: kind === 'remove' })
  const isReplacedBySpace = sourcePath !== null && tables.spaces.find(sourcePath)?.isConfigured === false
  tables.spaces.removeTree(path, { root: kind === 'remove' || isReplacedBySpace })
  return tree
}

function arrive(tables: Tables, held: Claim): Tree {
  const { id, kind, path, sourcePath } = held
  if (kind === 'mkcol') tables.folders.put({ path, bytes: 0, entries: 0 })
  if (kind === 'copy') return bring(tables, stagedPath(id), path)
  if (kind !== 'move' || sourcePath === null) return NO_TREE
  const tree = treeAt(tables, sourcePath)
  const own = tables.folders.add(parentOf(sourcePath), {
    bytes: -arrivingBytes(held, tree),
    entries: -1,
  })
  tables.spaces.use(tables.spaces.enclosing(parentOf(sourcePath)), {
    bytes: own.bytes - tree.bytes - tree.propertyBytes,
    entries: own.entries - tree.entries,
    propertyBytes: -tree.propertyBytes,
  })
  tables.locks.removeTree(sourcePath, { root: true })
  // A configured space belongs to its path, so the one that the folder brings along ends there.
  if (tables.spaces.find(path)?.isConfigured && tables.spaces.find(sourcePath)?.isConfigured === false)
    tables.spaces.remove(sourcePath)
  tables.spaces.rename(sourcePath, path)
  const moved = bring(tables, sourcePath, path)
  recountSpaces(tables, sourcePath)
  return moved
}

function bring(tables: Tables, from: ResourcePath, to: ResourcePath): Tree {
  const tree = treeAt(tables, from)
  tables.folders.rename(from, to)
  tables.properties.rename(from, to)
  return tree
}

/** The content of the resource itself, which the record of its parent has; a collection has none. */
function arrivingBytes({ bytes, propertyBytes }: Claim, { isCollection }: Tree): number {
  return isCollection ? 0 : bytes - propertyBytes
}

function replacedBytes({ replacesBytes, replacesPropertyBytes }: Claim, { isCollection }: Tree): number {
  return isCollection ? 0 : replacesBytes - replacesPropertyBytes
}

/** Records below a path that has none itself count too: others may have made and moved what they stand for. */
function treeAt(tables: Tables, path: ResourcePath): Tree {
  const { isRecorded, ...sums } = tables.folders.tree(path)
  const propertyBytes = tables.properties.chargedBytes(path, 'infinity')
  return { ...sums, isCollection: isRecorded, propertyBytes }
}

/** What spaces at and below `path` that stay there hold now. */
export function recountSpaces(tables: Tables, path: ResourcePath): void {
  const own = tables.spaces.find(path)
  for (const space of [...(own === null ? [] : [own]), ...tables.spaces.below(path)])
    recountSpace(tables, space)
}

/** Makes the counters of a space the sum of the records in it; writes nothing where they are: a full disk has no room. */
export function recountSpace(tables: Tables, space: SpaceRow): void {
  const held = chargeOf(tables, space.path)
  tables.spaces.use([space], {
    bytes: held.bytes - space.usedBytes,
    entries: held.entries - space.usedEntries,
    propertyBytes: held.propertyBytes - space.usedPropertyBytes,
  })
}

/** All that lies below `path`, as it is charged. */
export function chargeOf(tables: Tables, path: ResourcePath): Charge {
  const { bytes, entries } = tables.folders.sum(path)
  const propertyBytes = tables.properties.chargedBytes(path, 'infinity')
  return { bytes: bytes + propertyBytes, entries, propertyBytes }
}

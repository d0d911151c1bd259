import type { FileSystem } from '../../support/volume.ts'
import type { Row } from './row.ts'
import { ROWS_OF_FILES, ROWS_THAT_WORK } from './rows-of-files.ts'
import { ROWS_OF_THE_WAY_OUT, ROWS_OF_TREES } from './rows-of-trees.ts'
import type { World } from './world.ts'
import { WORLDS, type WorldName } from './worlds.ts'

/** One square of the matrix: a situation, a way to have no room, and a file system. */
export interface Cell {
  readonly row: Row
  readonly worldName: WorldName
  readonly world: World
  readonly fileSystem: FileSystem
  readonly status: number
}

/** What is refused comes first: it changes nothing, and what succeeds does. */
const ROWS: readonly Row[] = [...ROWS_OF_FILES, ...ROWS_OF_TREES, ...ROWS_THAT_WORK, ...ROWS_OF_THE_WAY_OUT]

/** All cells of a file system, by world, in the order in which they are gone through. */
export function cellsOn(fileSystem: FileSystem): ReadonlyMap<WorldName, readonly Cell[]> {
  const worlds = Object.entries(WORLDS) as unknown as readonly (readonly [WorldName, World])[]
  return new Map(
    worlds
      .filter(([, world]) => world.fileSystems.includes(fileSystem))
      .map(([worldName, world]) => [worldName, cellsIn(worldName, world, fileSystem)]),
  )
}

function cellsIn(worldName: WorldName, world: World, fileSystem: FileSystem): readonly Cell[] {
  const rows = ROWS.filter(
    ({ worlds, fileSystems }) =>
      worlds.includes(worldName) && (fileSystems === undefined || fileSystems.includes(fileSystem)),
  )
  return rows.map((row) => ({
    row,
    worldName,
    world,
    fileSystem,
    status: statusOf(row, world),
  }))
}

function statusOf({ answers, inPropstat }: Row, world: World): number {
  if (typeof answers === 'number') return answers
  if (inPropstat) return 207
  return answers?.status ?? world.status
}

/** Rows of the requirements that have no cell, and why. */
export const WITHOUT_CELL: Readonly<Record<string, string>> = {
  'MX-19': 'extended MKCOL (RFC 5689) is not offered yet',
  'MX-32': 'a server serves one file system, so no MOVE crosses volumes',
  'MX-36 to MX-37': 'REPORT sync-collection (RFC 6578) is not offered yet',
  'MX-38': 'SEARCH (RFC 5323) is not offered yet',
  'MX-39': 'POST to an add-member URL (RFC 5995) is not offered yet',
  'MX-40': 'PATCH is not offered yet',
  'MX-41 to MX-45': 'resumable uploads are not offered yet',
  'MX-46 to MX-48': 'tus is not offered yet',
  'MX-49 to MX-52': 'chunked uploads by folders are not offered yet',
  'MX-56': 'HTTP/2 is not spoken yet',
}

import type { Database } from '../database.ts'
import { claimTable } from './claims.ts'
import { folderTable } from './folders.ts'
import { lockTable } from './locks.ts'
import { propertyTable } from './properties.ts'
import { spaceTable } from './spaces.ts'

/** The statements, a group for each table. How many an operation takes is part of the design. */
export interface Tables {
  readonly claims: ReturnType<typeof claimTable>
  readonly spaces: ReturnType<typeof spaceTable>
  readonly folders: ReturnType<typeof folderTable>
  readonly properties: ReturnType<typeof propertyTable>
  readonly locks: ReturnType<typeof lockTable>
}

export function tablesOf(database: Database, nowMs: () => number): Tables {
  return {
    claims: claimTable(database),
    spaces: spaceTable(database, nowMs),
    folders: folderTable(database),
    properties: propertyTable(database),
    locks: lockTable(database),
  }
}

import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

type Row = Readonly<Record<string, unknown>>

/** Every row of the state, by table. */
export type StateRows = Readonly<Record<string, readonly Row[]>>

/**
 * What a running server has written into its database. It admits no other program, so its files are copied and the
 * copy is read: the server is in this process, and so between two of its transactions.
 */
export function stateRows(stateDirectory: string): StateRows {
  return withCopy(stateDirectory, (database) => {
    const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).all()
    return Object.fromEntries(
      tables.map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}"`).all() as Row[]]),
    )
  })
}

function withCopy<T>(stateDirectory: string, work: (database: DatabaseSync) => T): T {
  const copies = mkdtempSync(join(tmpdir(), 'plimsoll-state-'))
  try {
    for (const name of ['state.db', 'state.db-wal']) {
      const file = join(stateDirectory, name)
      if (existsSync(file)) copyFileSync(file, join(copies, name))
    }
    const database = new DatabaseSync(join(copies, 'state.db'))
    try {
      return work(database)
    } finally {
      database.close()
    }
  } finally {
    rmSync(copies, { recursive: true })
  }
}

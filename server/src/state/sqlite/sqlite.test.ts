import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { NewSpace } from '../../../test/conformance/state/harness.ts'
import { stateStoreSuite } from '../../../test/conformance/state-suite.ts'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { sqliteState } from './index.ts'

stateStoreSuite('sqlite', {
  async make(test, spaces = []) {
    const directory = temporaryFolder(test)
    if (spaces.length > 0) await withSpaces(directory, spaces)
    const state = sqliteState({ directory, sharesContentVolume: true, isDurable: false })
    test.after(() => state.close())
    return state
  },
})

async function withSpaces(directory: string, spaces: readonly NewSpace[]): Promise<void> {
  await sqliteState({ directory, sharesContentVolume: true, isDurable: false }).close()
  const database = new DatabaseSync(join(directory, 'state.db'))
  const insert = database.prepare(
    'INSERT INTO space (path, kind, limit_bytes, limit_entries) VALUES (?, ?, ?, ?)',
  )
  for (const { path, kind, limitBytes, limitEntries } of spaces) {
    insert.run(path, kind, limitBytes, limitEntries)
  }
  database.close()
}

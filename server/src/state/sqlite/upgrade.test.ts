import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { ROOT, resourcePath } from '../../core/path.ts'
import type { StateStore } from '../../core/state.ts'
import { migrations } from '../sql/migrations.ts'
import { sqliteState } from './index.ts'

/** A database as the first schema left it, with a limit, a property, and three claims of a crash. */
function firstSchema(test: TestContext): StateStore {
  const directory = temporaryFolder(test)
  const database = new DatabaseSync(join(directory, 'state.db'))
  const [first] = migrations()
  database.exec(`${first?.sql}; PRAGMA user_version = 1`)
  database.exec(`UPDATE space SET limit_bytes = 1000, used_bytes = 540, used_entries = 3, reserved_bytes = 70;
    INSERT INTO property_holder (id, path) VALUES (1, '/a');
    INSERT INTO property (holder, ns, local, value, charged_bytes) VALUES (1, 'urn:z', 'color', '<color/>', 40);
    INSERT INTO claim (id, kind, path, bytes, replaces_bytes, entries, overhead_bytes, identity, lease_until_ms)
      VALUES ('new', 'put', '/b', 70, 0, 1, 0, NULL, 0), ('over', 'put', '/a', 500, 500, 0, 0, 'i1', 0),
        ('gone', 'remove', '/c', 0, 0, -1, 0, 'i2', 0)`)
  database.close()
  const state = sqliteState({ directory, sharesContentVolume: true, isDurable: false })
  test.after(() => state.close())
  return state
}

describe('a database of the first schema', () => {
  it('keeps its limit and its properties, and waits for the count of the folder', async (test) => {
    const state = firstSchema(test)

    const [root] = await state.ledger.enclosing(ROOT)
    const properties = await state.properties.of([resourcePath(['a'])])

    assert.deepEqual([root?.limitBytes, root?.usedBytes, root?.usedPropertyBytes], [1000, 40, 40])
    assert.deepEqual([root?.usedEntries, root?.reservedBytes], [0, 0])
    assert.equal([...properties.values()].flat().length, 1)
    assert.equal(await state.ledger.record(ROOT), null)
  })

  it('keeps the journal of a crash, whose claims end as they would have (QUOTA-17)', async (test) => {
    const state = firstSchema(test)

    const claims = await state.ledger.expired(Number.MAX_SAFE_INTEGER)
    for (const { id } of claims) {
      await state.exclusive([ROOT], (tx) =>
        id === 'new' ? state.ledger.release(id) : state.ledger.settle(tx, id),
      )
    }

    assert.deepEqual(claims.map(({ id, kind, path, identity }) => [id, kind, path, identity]).sort(), [
      ['gone', 'remove', '/c', 'i2'],
      ['new', 'put', '/b', null],
      ['over', 'put', '/a', 'i1'],
    ])
    const [root] = await state.ledger.enclosing(ROOT)
    assert.deepEqual([root?.reservedBytes, root?.reservedEntries], [0, 0])
    // An overwrite keeps the properties of what it replaces.
    assert.equal((await state.properties.of([resourcePath(['a'])])).size, 1)
  })
})

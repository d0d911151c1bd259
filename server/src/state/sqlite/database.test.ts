import assert from 'node:assert/strict'
import {
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { cannotMount } from '../../../test/support/tools.ts'
import { fillUp, mountedVolume } from '../../../test/support/volume.ts'
import { StartError } from '../../core/start-error.ts'
import { migrations } from '../sql/migrations.ts'
import { type Ballast, ballastIn } from './ballast.ts'
import { type Database, openDatabase } from './database.ts'

const MIB = 1024 * 1024
const NO_BALLAST: Ballast = { release: () => false, restore() {} }
const FAST = { isDurable: false }

describe('openDatabase', () => {
  it('makes a database where there is none, with the newest schema', (test) => {
    const database = opened(test, temporaryFolder(test))

    assert.equal(rowOf(database, 'PRAGMA user_version').user_version, migrations().at(-1)?.version)
    assert.equal(rowOf(database, 'SELECT count(*) AS spaces FROM space').spaces, 1)
  })

  it('syncs its log at the end of every transaction where all must survive a power cut, and only there', (test) => {
    for (const [isDurable, synchronous] of [
      [true, 2],
      [false, 1],
    ] as const) {
      const database = openDatabase(join(temporaryFolder(test), 'state.db'), NO_BALLAST, { isDurable })
      test.after(() => database.close())

      assert.equal(rowOf(database, 'PRAGMA synchronous').synchronous, synchronous)
    }
  })

  it('applies each migration once and keeps what is stored', (test) => {
    const folder = temporaryFolder(test)
    const first = openDatabase(join(folder, 'state.db'), NO_BALLAST, FAST)
    insert(first, '/kept')
    first.close()

    const second = opened(test, folder)

    assert.equal(rowOf(second, 'SELECT count(*) AS spaces FROM space').spaces, 1)
    assert.equal(rowOf(second, 'SELECT path FROM property_holder').path, '/kept')
  })

  it('numbers its migrations from 1 without a gap', () => {
    const versions = migrations().map(({ version }) => version)

    assert.deepEqual(
      versions,
      versions.map((_, index) => index + 1),
    )
  })

  it('refuses a database that a newer version wrote, and leaves it as it is', (test) => {
    const folder = temporaryFolder(test)
    const file = join(folder, 'state.db')
    openDatabase(file, NO_BALLAST, FAST).close()
    raw(file, 'PRAGMA user_version = 99')

    assert.throws(
      () => openDatabase(file, NO_BALLAST, FAST),
      isStartError(file, /newer Plimsoll \(schema 99,/, /newer version/),
    )

    const connection = new DatabaseSync(file)
    assert.equal(connection.prepare('PRAGMA user_version').get()?.user_version, 99)
    connection.close()
  })

  const damages: readonly [string, (file: string) => void][] = [
    ['is no database at all', (file) => writeFileSync(file, 'This is not a database. '.repeat(500))],
    ['has pages of garbage', scribble],
    ['was cut off', (file) => truncateSync(file, 5000)],
  ]
  for (const [title, damage] of damages) {
    it(`says which file ${title} and what to do, and leaves it for whoever repairs it`, (test) => {
      const file = join(temporaryFolder(test), 'state.db')
      const database = openDatabase(file, NO_BALLAST, FAST)
      for (let row = 0; row < 2000; row += 1) insert(database, `/${row} ${'x'.repeat(100)}`)
      database.close()
      damage(file)
      const bytes = statSync(file).size

      assert.throws(
        () => openDatabase(file, NO_BALLAST, FAST),
        isStartError(file, /is damaged/, /Move .* away and start again/),
      )

      assert.equal(statSync(file).size, bytes)
    })
  }

  it('reads what was committed and not yet folded back when the process died', (test) => {
    const folder = temporaryFolder(test)
    const killed = join(folder, 'killed')
    const alive = opened(test, folder)
    alive.transaction(() => insert(alive, '/committed'))
    mkdirSync(killed)
    for (const name of readdirSync(folder)) {
      if (name.startsWith('state.db')) copyFileSync(join(folder, name), join(killed, name))
    }

    const found = opened(test, killed)

    assert.equal(rowOf(found, 'SELECT path FROM property_holder').path, '/committed')
  })

  it('starts on a full disk by giving up the ballast', { skip: cannotMount() }, (test) => {
    const folder = mountedVolume(test, 'tmpfs', { sizeBytes: 2 * MIB })
    const ballast = ballastIn(folder)
    openDatabase(join(folder, 'state.db'), ballast, FAST).close()
    ballast.restore()
    fillUp(folder, 4 * MIB)

    const database = openDatabase(join(folder, 'state.db'), ballast, FAST)

    database.transaction(() => insert(database, '/a'))
    database.close()
  })

  it('says that the disk is full when there is no ballast either', { skip: cannotMount() }, (test) => {
    const folder = mountedVolume(test, 'tmpfs', { sizeBytes: MIB })
    fillUp(folder, 2 * MIB)

    assert.throws(() => openDatabase(join(folder, 'state.db'), NO_BALLAST, FAST), { code: 'disk-full' })
  })
})

describe('a transaction', () => {
  it('takes back everything when its work throws, and the next one runs', (test) => {
    const database = opened(test, temporaryFolder(test))

    const attempt = () =>
      database.transaction(() => {
        insert(database, '/a')
        throw new Error('changed its mind')
      })

    assert.throws(attempt, /changed its mind/)
    assert.equal(rowOf(database, 'SELECT count(*) AS rows FROM property_holder').rows, 0)
    assert.equal(
      database.transaction(() => 'result'),
      'result',
    )
  })

  it('succeeds on a full disk by folding the log back', { skip: cannotMount() }, (test) => {
    const { database, folder } = onFullDisk(test, NO_BALLAST)

    // Far more than the log has room for, in pages that the database has already.
    for (let turn = 0; turn < 500; turn += 1) {
      database.transaction(() => database.prepare('UPDATE space SET used_bytes = ?').run(turn))
    }

    assert.equal(rowOf(database, 'SELECT used_bytes AS used FROM space').used, 499)
    assert.ok(statSync(join(folder, 'filler')).size > 0)
  })

  it('succeeds on a full disk by giving up the ballast when the log is not enough', {
    skip: cannotMount(),
  }, (test) => {
    let released = 0
    const { database } = onFullDisk(test, {
      release() {
        released += 1
        for (const file of held) rmSync(file, { force: true })
        return released === 1
      },
      restore() {},
    })

    let rows = 0
    for (; released === 0; rows += 1) insertMuch(database, rows)

    assert.equal(released, 1)
    assert.equal(rowOf(database, 'SELECT count(*) AS rows FROM property_holder').rows, rows)
  })

  it('that asks for room gets none of the ballast (STOR-12)', { skip: cannotMount() }, (test) => {
    let released = 0
    const release = () => {
      released += 1
      return true
    }
    const { database } = onFullDisk(test, { release, restore() {} })

    const grow = () => {
      for (let row = 0; row < 10_000; row += 1) insertMuch(database, row, 'growth')
    }

    assert.throws(grow, { code: 'disk-full' })
    assert.equal(released, 0)
  })

  it('is refused whole when there is no room left, and the ballast is room for removing', {
    skip: cannotMount(),
  }, (test) => {
    let mayRelease = false
    const release = () => {
      if (mayRelease) for (const file of held) rmSync(file, { force: true })
      return mayRelease
    }
    const { database } = onFullDisk(test, { release, restore() {} })
    let stored = 0

    assert.throws(
      () => {
        for (; stored < 10_000; stored += 1) insertMuch(database, stored)
      },
      { code: 'disk-full' },
    )
    assert.equal(rowOf(database, 'SELECT count(*) AS rows FROM property_holder').rows, stored)
    mayRelease = true
    database.transaction(() => database.prepare('DELETE FROM property_holder').run())

    assert.equal(rowOf(database, 'SELECT count(*) AS rows FROM property_holder').rows, 0)
  })
})

let held: readonly string[] = []

/** A database on a volume without a free byte, with 256 KiB beside it that can be given up. */
function onFullDisk(test: TestContext, ballast: Ballast): { database: Database; folder: string } {
  const folder = mountedVolume(test, 'tmpfs', { sizeBytes: 2 * MIB })
  held = Array.from({ length: 4 }, (_, index) => join(folder, `held-${index}`))
  for (const file of held) writeFileSync(file, new Uint8Array(64 * 1024))
  // Closed once, so that the schema lies in the database and not in its log.
  openDatabase(join(folder, 'state.db'), ballast, FAST).close()
  const database = openDatabase(join(folder, 'state.db'), ballast, FAST)
  test.after(() => database.close())
  for (let turn = 0; turn < 20; turn += 1) {
    database.transaction(() => database.prepare('UPDATE space SET used_bytes = ?').run(turn))
  }
  fillUp(folder, 4 * MIB)
  return { database, folder }
}

function opened(test: TestContext, folder: string): Database {
  const database = openDatabase(join(folder, 'state.db'), NO_BALLAST, FAST)
  test.after(() => database.close())
  return database
}

function rowOf(database: Database, sql: string): Record<string, unknown> {
  return database.prepare(sql).get() ?? {}
}

function insert(database: Database, path: string): void {
  database.prepare('INSERT INTO property_holder (path) VALUES (?)').run(path)
}

function insertMuch(database: Database, row: number, how: 'transaction' | 'growth' = 'transaction'): void {
  const sql = 'INSERT INTO property_holder (path) VALUES (?)'
  database[how](() => database.prepare(sql).run(`/${row}${'x'.repeat(3000)}`))
}

function raw(file: string, sql: string): void {
  const connection = new DatabaseSync(file)
  connection.exec(sql)
  connection.close()
}

function scribble(file: string): void {
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.alloc(20_000, 0xa5), 0, 20_000, 40_000)
}

function isStartError(file: string, message: RegExp, hint: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof StartError, String(error))
    assert.ok(error.message.includes(file), error.message)
    assert.match(error.message, message)
    assert.match(error.hint, hint)
    return true
  }
}

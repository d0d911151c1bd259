import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { DavError } from '../../core/errors.ts'
import { isFull, isNotDatabase, translate } from './translate.ts'

// https://www.sqlite.org/rescode.html
const ROWS: readonly [name: string, result: number, code: string][] = [
  ['SQLITE_FULL', 13, 'disk-full'],
  ['SQLITE_BUSY', 5, 'overloaded'],
  ['SQLITE_BUSY_SNAPSHOT', 517, 'overloaded'],
  ['SQLITE_LOCKED', 6, 'overloaded'],
  ['SQLITE_READONLY', 8, 'read-only'],
  ['SQLITE_READONLY_DBMOVED', 1032, 'read-only'],
  ['SQLITE_CANTOPEN', 14, 'io-error'],
  ['SQLITE_CORRUPT', 11, 'io-error'],
  ['SQLITE_CORRUPT_INDEX', 779, 'io-error'],
  ['SQLITE_NOTADB', 26, 'io-error'],
  ['SQLITE_IOERR_FSYNC', 1034, 'io-error'],
  ['SQLITE_CONSTRAINT_CHECK', 275, 'io-error'],
]

describe("translation of SQLite's errors", () => {
  for (const [name, result, code] of ROWS) {
    it(`calls ${name} '${code}' and keeps the cause`, () => {
      const error = failure(result)

      const translated = translate(error)

      assert.ok(translated instanceof DavError)
      assert.equal(translated.code, code)
      assert.equal(translated.cause, error)
    })
  }

  it('says which resource ran out, and when to come back', () => {
    const full = translate(failure(13))
    const busy = translate(failure(5))

    assert.equal(full instanceof DavError && full.details.shortage?.cause, 'disk-bytes')
    assert.ok(busy instanceof DavError && (busy.details.retryAfterSeconds ?? 0) > 0)
  })

  for (const [name, code, cause] of [
    ['ENOSPC', 'disk-full', 'disk-bytes'],
    ['EDQUOT', 'quota-exceeded', 'user-quota'],
    ['EMFILE', 'overloaded', undefined],
  ] as const) {
    it(`understands by its number when the operating system says ${name} beside the database (STOR-04)`, () => {
      const error = Object.assign(new Error('no room'), { errno: -constants.errno[name], code: 'UNKNOWN' })

      const translated = translate(error)

      assert.equal(isFull(error), cause !== undefined)
      assert.ok(translated instanceof DavError)
      assert.deepEqual([translated.code, translated.details.shortage?.cause], [code, cause])
    })
  }

  it('passes on unchanged what is ours and what is a defect', () => {
    const ours = new DavError('disk-full', 'already translated')
    const defect = new TypeError('undefined is not a function')

    assert.equal(translate(ours), ours)
    assert.equal(translate(defect), defect)
    assert.equal(translate('not even an error'), 'not even an error')
  })

  it('recognises a full disk and a damaged file by the result code', () => {
    assert.deepEqual([13, 5, 10, 11].map(failure).map(isFull), [true, false, false, false])
    assert.deepEqual([26, 11, 779, 13].map(failure).map(isNotDatabase), [true, true, true, false])
    assert.equal(isFull(new Error('database or disk is full')), false)
  })

  it('knows the errors as Node really throws them', () => {
    const connection = new DatabaseSync(':memory:')
    connection.exec('PRAGMA max_page_count = 2; CREATE TABLE t (v)')
    let thrown: unknown

    try {
      connection.prepare('INSERT INTO t VALUES (zeroblob(100000))').run()
    } catch (error) {
      thrown = error
    }

    assert.ok(isFull(thrown))
    connection.close()
  })
})

function failure(errcode: number): Error {
  return Object.assign(new Error(`result ${errcode}`), { code: 'ERR_SQLITE_ERROR', errcode })
}

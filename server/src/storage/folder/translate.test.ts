import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { DavError } from '../../core/errors.ts'
import { resourcePath } from '../../core/path.ts'
import { isLink, isMissing, isNoRoom, isTooLong, isUnopenable, translate } from './translate.ts'

const PATH = resourcePath(['a'])
const ROWS: readonly [name: keyof typeof constants.errno, code: string][] = [
  ['ENOENT', 'not-found'],
  ['ENOTDIR', 'parent-missing'],
  ['EISDIR', 'method-not-allowed'],
  ['EEXIST', 'already-exists'],
  ['ENOTEMPTY', 'already-exists'],
  ['EACCES', 'forbidden'],
  ['EPERM', 'forbidden'],
  ['EBUSY', 'forbidden'],
  ['ELOOP', 'forbidden'],
  ['EXDEV', 'forbidden'],
  ['EROFS', 'read-only'],
  ['ENAMETOOLONG', 'target-too-long'],
  ['EFBIG', 'file-too-large'],
  ['EMFILE', 'overloaded'],
  ['ENFILE', 'overloaded'],
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'quota-exceeded'],
  ['EIO', 'io-error'],
  ['ESTALE', 'io-error'],
]

describe("translation of the operating system's errors", () => {
  for (const [name, code] of ROWS) {
    it(`calls ${name} '${code}' and keeps path and cause`, () => {
      const error = failure(constants.errno[name], name)

      const translated = ourError(error)

      assert.deepEqual([translated.code, translated.details.path], [code, PATH])
      assert.equal(translated.cause, error)
    })
  }

  it('knows EDQUOT by its number alone, because Node has no name for it (STOR-04)', () => {
    for (const code of ['UNKNOWN', 'Unknown system error -122']) {
      const error = failure(122, code)
      const { code: ours, details } = ourError(error)

      assert.deepEqual([ours, details.shortage?.cause], ['quota-exceeded', 'user-quota'])
      assert.ok(isNoRoom(error))
    }
  })

  it('asks whether bytes or inodes ran out, and only when the disk is full', () => {
    let asked = 0
    const answer = (noInodes: boolean) => () => {
      asked += 1
      return noInodes
    }
    const full = failure(constants.errno.ENOSPC, 'ENOSPC')

    assert.equal(ourError(full, answer(true)).details.shortage?.cause, 'inodes')
    assert.equal(ourError(full, answer(false)).details.shortage?.cause, 'disk-bytes')
    ourError(failure(constants.errno.EIO, 'EIO'), answer(true))
    assert.equal(asked, 2)
  })

  it('says when to come back when too many files are open', () => {
    assert.ok((ourError(failure(constants.errno.EMFILE, 'EMFILE')).details.retryAfterSeconds ?? 0) > 0)
  })

  it('passes on unchanged what is ours and what is a defect', () => {
    const ours = new DavError('disk-full', 'already translated')
    const defect = new TypeError('undefined is not a function')

    for (const error of [ours, defect, 'not even an error', undefined]) {
      assert.equal(
        translate(error, PATH, () => false),
        error,
      )
    }
  })

  it('tells the kinds of errors apart that the driver acts on', () => {
    const { ENOENT, ENOTDIR, ENOSPC, ELOOP, ENXIO, ENAMETOOLONG } = constants.errno
    const kinds = [isMissing, isNoRoom, isLink, isUnopenable, isTooLong]
    const of = (errno: number) => kinds.filter((is) => is(failure(errno, ''))).map(({ name }) => name)

    assert.deepEqual([ENOENT, ENOTDIR].map(of), [['isMissing'], ['isMissing']])
    assert.deepEqual(of(ENOSPC), ['isNoRoom'])
    assert.deepEqual(of(ELOOP), ['isLink'])
    assert.deepEqual(of(ENXIO), ['isUnopenable'])
    assert.deepEqual(of(ENAMETOOLONG), ['isTooLong'])
    assert.equal(isMissing(new Error('no such file')), false)
  })

  it('knows the errors as Node really throws them', (test) => {
    const folder = temporaryFolder(test)
    mkdirSync(join(folder, 'd'))
    writeFileSync(join(folder, 'd', 'f'), '')

    assert.equal(ourError(thrownBy(() => lstatSync(join(folder, 'none')))).code, 'not-found')
    assert.equal(ourError(thrownBy(() => rmdirSync(join(folder, 'd')))).code, 'already-exists')
    assert.equal(ourError(thrownBy(() => lstatSync(join(folder, 'x'.repeat(256))))).code, 'target-too-long')
  })
})

/** As Node does it: the number is negative. */
function failure(errno: number, code: string): Error {
  return Object.assign(new Error(`${code} happened`), { errno: -errno, code })
}

function ourError(error: unknown, noInodesLeft = () => false): DavError {
  const translated = translate(error, PATH, noInodesLeft)
  assert.ok(translated instanceof DavError)
  return translated
}

function thrownBy(work: () => void): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}

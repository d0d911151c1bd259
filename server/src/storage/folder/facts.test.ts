import assert from 'node:assert/strict'
import { type BigIntStats, lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { identityOf } from './facts.ts'

it('recognises a file on a disk that has another number after a restart of the machine', (test) => {
  const file = join(temporaryFolder(test), 'a')
  writeFileSync(file, '')
  const stats = lstatSync(file, { bigint: true })
  const elsewhere = { ...stats, dev: stats.dev + 1n, birthtimeNs: stats.birthtimeNs } as BigIntStats

  assert.equal(identityOf(elsewhere), identityOf(stats))
  assert.notEqual(identityOf({ ...elsewhere, ino: stats.ino + 1n } as BigIntStats), identityOf(stats))
})

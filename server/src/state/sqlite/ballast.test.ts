import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { cannotMake } from '../../../test/support/small-disk.ts'
import { cannotMount } from '../../../test/support/tools.ts'
import { fillUp, mountedVolume } from '../../../test/support/volume.ts'
import { ballastIn } from './ballast.ts'

const MIB = 1024 * 1024
const BALLAST_BYTES = 4 * 64 * 1024

describe('ballast', () => {
  it('takes 256 KiB in four files that no compression makes smaller', (test) => {
    const folder = temporaryFolder(test)

    ballastIn(folder).restore()

    assert.equal(readdirSync(folder).length, 4)
    assert.equal(bytesIn(folder), BALLAST_BYTES)
    const values = new Set(readFileSync(join(folder, readdirSync(folder)[0] ?? '')))
    assert.equal(values.size, 256)
  })

  it('takes 3 MiB on btrfs, where even a rename takes room', {
    skip: cannotMake({ type: 'btrfs' }),
  }, (test) => {
    const folder = mountedVolume(test, 'btrfs', { sizeBytes: 128 * MIB })

    ballastIn(folder).restore()

    assert.equal(bytesIn(folder), 3 * MIB)
  })

  it('gives its room up once', (test) => {
    const folder = temporaryFolder(test)
    const ballast = ballastIn(folder)
    ballast.restore()

    assert.deepEqual([ballast.release(), ballast.release()], [true, false])
    assert.deepEqual(readdirSync(folder), [])

    ballast.restore()
    assert.equal(bytesIn(folder), BALLAST_BYTES)
    assert.equal(ballast.release(), true)
  })

  it('is not written again while it is held', (test) => {
    const folder = temporaryFolder(test)
    const ballast = ballastIn(folder)
    ballast.restore()
    const before = inodesIn(folder)

    ballast.restore()
    ballastIn(folder).restore()

    assert.deepEqual(inodesIn(folder), before)
  })

  it('is known to the next process', (test) => {
    const folder = temporaryFolder(test)
    ballastIn(folder).restore()

    assert.equal(ballastIn(folder).release(), true)
    assert.deepEqual(readdirSync(folder), [])
  })

  it('is made whole again after a crash in the middle of taking it', (test) => {
    const folder = temporaryFolder(test)
    ballastIn(folder).restore()
    rmSync(join(folder, 'ballast-3'))
    truncateSync(join(folder, 'ballast-2'), 100)

    ballastIn(folder).restore()

    assert.equal(bytesIn(folder), BALLAST_BYTES)
  })

  it('takes nothing at all while the disk has no room for the whole', { skip: cannotMount() }, (test) => {
    const folder = mountedVolume(test, 'tmpfs', { sizeBytes: MIB })
    const filler = fillUp(folder, 2 * MIB)
    truncateSync(filler, MIB - BALLAST_BYTES / 2)
    const ballast = ballastIn(folder)

    ballast.restore()
    assert.deepEqual(readdirSync(folder), ['filler'])
    assert.equal(ballast.release(), false)

    rmSync(filler)
    ballast.restore()
    assert.equal(bytesIn(folder), BALLAST_BYTES)
  })
})

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

function inodesIn(folder: string): string[] {
  return readdirSync(folder).map((name) => {
    const { ino, mtimeNs } = statSync(join(folder, name), { bigint: true })
    return `${name} ${ino} ${mtimeNs}`
  })
}

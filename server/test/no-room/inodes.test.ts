import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Deps } from '../../src/core/deps.ts'
import { currentDiskRoom } from '../../src/core/disk-room.ts'
import { copy, depsIn, mkcol, putText, requireSettled } from '../fault/harness.ts'
import { MIB } from '../support/content.ts'
import { cannotMount } from '../support/tools.ts'
import { mountedVolume } from '../support/volume.ts'

const KEPT_FREE = 100

describe('a volume with few inodes left', { skip: cannotMount() }, () => {
  it('gives as many uploads as there are inodes above the reserve, however many come at once (MX-08, STOR-05)', async (test) => {
    const { deps, folder, leave, free } = volumeOf(test)
    leave(KEPT_FREE + 5)

    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, number) => putText(deps, `/file-${number}`, 'x')),
    )

    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 5)
    assert.equal(free(), KEPT_FREE)
    await requireSettled(deps, folder)
  })

  it('gives as many collections too (MX-08, STOR-05)', async (test) => {
    const { deps, leave, free } = volumeOf(test)
    leave(KEPT_FREE + 5)

    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, number) => mkcol(deps, `/folder-${number}`)),
    )

    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 5)
    assert.equal(free(), KEPT_FREE)
  })

  it('counts no name twice, neither while it is staged nor when it is there', async (test) => {
    const { deps, leave } = volumeOf(test)
    await mkcol(deps, '/tree')
    await putText(deps, '/tree/file', 'x')
    leave(KEPT_FREE + 20)
    const left: number[] = []
    const look = async () => void left.push((await currentDiskRoom(deps)).entries)
    const body = async function* () {
      yield Buffer.from('x')
      await look()
    }
    const lookingAtCommit: Deps = {
      ...deps,
      state: {
        ...deps.state,
        exclusive: (paths, work) => look().then(() => deps.state.exclusive(paths, work)),
      },
    }

    await putText(deps, '/file', '', { body: body() })
    await mkcol(lookingAtCommit, '/folder')
    await copy(deps, '/tree', '/copy')
    await look()

    assert.deepEqual(left, [19, 18, 16])
  })

  it('refuses a copy onto a tree before it creates anything if there are too few for both (MX-29, STOR-13)', async (test) => {
    const { deps, folder, leave } = volumeOf(test)
    for (const path of ['/source', '/target']) {
      await mkcol(deps, path)
      for (let number = 0; number < 20; number++) await putText(deps, `${path}/${number}`, 'x')
    }
    leave(KEPT_FREE + 20)

    await assert.rejects(copy(deps, '/source', '/target'), { code: 'disk-full' })
    assert.equal(readdirSync(join(folder, 'target')).length, 20)
    leave(KEPT_FREE + 21)
    await copy(deps, '/source', '/target')

    await requireSettled(deps, folder)
  })
})

/** What is there besides the files of the server takes the other inodes. */
function volumeOf(test: TestContext) {
  const mount = mountedVolume(test, 'tmpfs', { sizeBytes: 16 * MIB, inodes: 1000 })
  const folder = join(mount, 'files')
  mkdirSync(folder)
  const deps = depsIn(folder, { keepFreeEntries: KEPT_FREE })
  test.after(() => deps.close())
  const free = (): number => statfsSync(mount).ffree
  const filler = (): string => join(mount, `filler-${fillers}`)
  let fillers = 0
  const leave = (inodes: number): void => {
    for (; free() > inodes; fillers += 1) writeFileSync(filler(), '')
    while (free() < inodes) {
      fillers -= 1
      unlinkSync(filler())
    }
  }
  return { deps, folder, leave, free }
}

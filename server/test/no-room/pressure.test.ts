import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Deps } from '../../src/core/deps.ts'
import { levelWatch } from '../../src/core/level-watch.ts'
import { maintenance } from '../../src/core/maintenance.ts'
import { ROOT } from '../../src/core/path.ts'
import type { Lock } from '../../src/core/state.ts'
import { at, depsIn } from '../fault/harness.ts'
import { ask } from '../support/ask.ts'
import { inChunks, KIB, MIB, randomBytes } from '../support/content.ts'
import { propfind } from '../support/multistatus.ts'
import { cannotMake, type DiskKind, type SmallDisk, smallDisk } from '../support/small-disk.ts'
import { askLock, lock, setting, unlock, update, verdicts } from '../support/spawned.ts'
import { upload } from '../support/upload.ts'
import { fillUp, mountedVolume } from '../support/volume.ts'

// 1 MiB is kept free here, and the last 256 KiB above that are for files of up to 16 KiB.
const DISK: DiskKind = { type: 'tmpfs', sizeBytes: 16 * MIB, isExact: true }
const SMALL = 16 * KIB
const LOCKS = 20

async function available({ server }: SmallDisk): Promise<number> {
  return (await server.space()).availableBytes
}

/** Whether a file of this size would fit. */
async function asked({ server }: SmallDisk, bytes: number): Promise<number> {
  const headers = { 'Plimsoll-Ask': 'PUT', 'X-Expected-Entity-Length': bytes }
  return (await ask(server, 'OPTIONS /asked', { headers })).status
}

/** Lets another program write so much more, or take its file back. */
function writeBeside({ at: mount }: SmallDisk, name: string, bytes: number): void {
  if (bytes === 0) rmSync(join(mount, name))
  else writeFileSync(join(mount, name), randomBytes(bytes))
}

function changesIn({ server }: SmallDisk): string[] {
  return server.log.messages.flatMap((message) => /^the disk is at level (\w+)/.exec(message)?.[1] ?? [])
}

describe('a disk that fills up', { skip: cannotMake(DISK) }, () => {
  it('goes through the levels, each told once, whoever fills it and empties it again (LVL-01, LVL-04)', async (test) => {
    const disk = await smallDisk(test, DISK)
    const headers: string[] = []
    const look = async (): Promise<void> => {
      const { headers: said } = await ask(disk.server, 'PUT /small', { body: 'x' })
      headers.push(/level=(\w+)/.exec(String(said['plimsoll-space']))?.[1] ?? '')
    }

    await look()
    for (const bytes of [3 * MIB, MIB / 2, 0]) {
      const now = await available(disk)
      writeBeside(disk, `filler-${bytes}`, bytes === 0 ? now + 300 * KIB : now - bytes)
      await look()
    }
    for (const bytes of [0, MIB / 2, 3 * MIB]) {
      writeBeside(disk, `filler-${bytes}`, 0)
      await look()
    }

    assert.deepEqual(headers, ['normal', 'near', 'critical', 'full', 'critical', 'near', 'normal'])
    assert.deepEqual(changesIn(disk), ['near', 'critical', 'full', 'critical', 'near', 'normal'])
  })

  it('gives its last room to small files alone, and shows at every moment what it gives (PRS-02, QUOTA-06)', async (test) => {
    const disk = await smallDisk(test, DISK)
    await disk.leave(40 * KIB)
    const shown: number[] = []

    for (let number = 0; ; number++) {
      const most = await available(disk)
      shown.push(most)
      if (most === 0) break
      assert.ok(number < 100, 'the disk does not fill')
      assert.equal(await asked(disk, most + 1), 507)
      assert.equal(await asked(disk, most), 200)
      const over = await upload(disk.server, `/over-${number}`, randomBytes(most + 1))
      const exact = await upload(disk.server, `/exact-${number}`, randomBytes(most))
      assert.deepEqual(
        [over.status, over.storage.available, exact.status],
        [507, most, 201],
        `${number}: ${most}`,
      )
    }

    assert.equal(shown[0], 40 * KIB)
    const small = shown.filter((most) => most === SMALL)
    // Fewer than sixteen, because the log of the database grows at the same time.
    assert.ok(small.length >= 4, `many small files fit: ${shown.join(' ')}`)
    assert.deepEqual(
      shown,
      shown.toSorted((one, other) => other - one),
    )
  })

  it('does not let a body without a length creep into the room of the small ones (PRS-02)', async (test) => {
    const disk = await smallDisk(test, DISK)
    await disk.leave(200 * KIB)

    const large = await upload(disk.server, '/large', inChunks(randomBytes(400 * KIB)))
    // Not to the last byte: the log of the database grows with the claim.
    const fits = await upload(disk.server, '/fits', inChunks(randomBytes(120 * KIB)))
    const small = await upload(disk.server, '/small', inChunks(randomBytes(SMALL)))

    assert.deepEqual([large.status, fits.status, small.status], [507, 201, 201])
  })

  it('judges properties and copies by the same number (PRS-02)', async (test) => {
    const disk = await smallDisk(test, DISK)
    await upload(disk.server, '/large', randomBytes(100 * KIB))
    await disk.leave(SMALL)

    const copied = await ask(disk.server, 'COPY /large', { headers: { Destination: '/copy' } })
    const patched = await update(disk.server, '/large', setting('z:long', 'x'.repeat(40 * KIB)))
    const small = await update(disk.server, '/large', setting('z:short', 'x'))

    assert.equal(copied.status, 507)
    assert.deepEqual(verdicts(patched), { '{urn:z}long': '507 DAV:sufficient-disk-space' })
    assert.deepEqual(verdicts(small), { '{urn:z}short': '200' })
  })

  it('locks, unlocks and deletes out of the reserve where nothing else is granted (PRS-03, STOR-12)', async (test) => {
    const disk = await smallDisk(test, DISK)
    const { server } = disk
    await upload(server, '/kept', randomBytes(100))
    writeBeside(disk, 'filler', (await available(disk)) + 400 * KIB)
    assert.equal(await available(disk), 0)

    const refused = await ask(server, 'PUT /new', { body: 'x' })
    const token = await lock(server, '/kept')
    const [member] = await propfind(server, '/kept')
    const unlocked = await unlock(server, '/kept', token)
    const onNew = await askLock(server, '/unmapped')
    const deleted = await ask(server, 'DELETE /kept')

    assert.match(member?.found.get('DAV:lockdiscovery')?.text ?? '', new RegExp(token))
    assert.deepEqual(
      [refused, unlocked, onNew, deleted].map(({ status }) => status),
      [507, 204, 507, 204],
    )
  })

  it('takes no lock out of the last half of the reserve, which deletes need (PRS-03)', async (test) => {
    const disk = await smallDisk(test, DISK)
    await upload(disk.server, '/kept', randomBytes(100))
    writeBeside(disk, 'filler', (await available(disk)) + 800 * KIB)

    const refused = await askLock(disk.server, '/kept')
    const deleted = await ask(disk.server, 'DELETE /kept')

    assert.deepEqual([refused.status, deleted.status], [507, 204])
  })
})

describe('the ballast', { skip: cannotMake(DISK) }, () => {
  it('is given up on a full disk and taken back by the next round once there is room (PRS-04)', async (test) => {
    const mount = mountedVolume(test, 'tmpfs', DISK)
    const deps = depsIn(mount)
    test.after(() => deps.close())
    const round = maintenance(
      deps,
      levelWatch(deps, () => {}),
    )
    const isWhole = (): boolean =>
      [0, 1, 2, 3].every((number) => existsSync(join(mount, '.plimsoll', `ballast-${number}`)))
    const before = isWhole()
    await writeLocks(deps)
    const filler = fillUp(mount, DISK.sizeBytes)

    await removeLocksUntil(deps, () => !isWhole())
    const given = isWhole()
    await round(0)
    const stillFull = isWhole()
    rmSync(filler)
    await round(30)

    assert.deepEqual([before, given, stillFull, isWhole()], [true, false, false, true])
  })
})

describe('a disk without a byte left', { skip: cannotMake(DISK) }, () => {
  it('lets every lock go, whatever was written before the last round (PRS-03, STOR-12)', async (test) => {
    const mount = mountedVolume(test, 'tmpfs', DISK)
    const deps = depsIn(mount)
    test.after(() => deps.close())
    await writeLocks(deps)
    await maintenance(
      deps,
      levelWatch(deps, () => {}),
    )(0)
    fillUp(mount, DISK.sizeBytes)

    await removeLocksUntil(deps, () => false)

    assert.deepEqual(await deps.state.locks.all(deps.nowMs()), [])
  })
})

/** Large ones, whose removal needs room for the pages it changes. */
async function writeLocks(deps: Deps): Promise<void> {
  for (let number = 0; number < LOCKS; number++) {
    const row: Lock = {
      token: `urn:test:${number}`,
      root: at(`/${number}`),
      scope: 'exclusive',
      depth: '0',
      owner: 'x'.repeat(20_000),
      creator: null,
      timeoutSeconds: 3600,
      expiresMs: deps.nowMs() + 3_600_000,
    }
    const bounds = { most: 10_000, mostPerCreator: 10_000, nowMs: deps.nowMs() }
    await deps.state.exclusive([row.root], (tx) => deps.state.locks.insert(tx, row, bounds))
  }
}

async function removeLocksUntil(deps: Deps, isEnough: () => boolean): Promise<void> {
  for (let number = 0; number < LOCKS && !isEnough(); number++) {
    await deps.state.exclusive([ROOT], (tx) => deps.state.locks.remove(tx, `urn:test:${number}`))
  }
}

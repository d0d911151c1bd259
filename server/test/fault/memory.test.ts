import assert from 'node:assert/strict'
import { mkdirSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { KIB, MIB, randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { serverProcess } from '../support/process.ts'
import { upload } from '../support/upload.ts'

const GIB = 1024 * MIB
const MOST_MEMORY = 250 * MIB
const CONTENT = 'content'

// The uploads go where temporary folders go.
const { bavail, bsize } = statfsSync(tmpdir())
const noRoom = bavail * bsize < 4 * GIB && 'there is no room for a file of 2 GiB'
const noPeak = process.platform !== 'linux' && 'only Linux tells the peak memory of a process'

describe('memory', { skip: noPeak }, () => {
  it('stays under 250 MiB during an upload of 2 GiB', { skip: noRoom }, async (test) => {
    const folder = temporaryFolder(test)
    const server = await serverProcess(test, folder)

    const body = generated(2 * GIB)
    const answer = await upload(server, '/big.bin', body, { declaredBytes: 2 * GIB })
    const peak = server.peakMemoryBytes()
    test.diagnostic(`peak ${Math.round(peak / MIB)} MiB`)

    assert.equal(answer.status, 201)
    assert.equal(statSync(join(folder, 'big.bin')).size, 2 * GIB)
    assert.ok(peak < MOST_MEMORY, `${peak} bytes`)
  })

  it('stays under 250 MiB during an upload of 512 MiB without a length', { skip: noRoom }, async (test) => {
    const folder = temporaryFolder(test)
    const server = await serverProcess(test, folder)

    const answer = await upload(server, '/big.bin', generated(GIB / 2))
    const peak = server.peakMemoryBytes()
    test.diagnostic(`peak ${Math.round(peak / MIB)} MiB`)

    assert.equal(answer.status, 201)
    assert.equal(statSync(join(folder, 'big.bin')).size, GIB / 2)
    assert.ok(peak < MOST_MEMORY, `${peak} bytes`)
  })

  it('stays under 250 MiB with 100,000 files, which are counted and listed', async (test) => {
    const folder = temporaryFolder(test)
    makeFiles(join(folder, 'large'), 10_000)
    for (let index = 0; index < 900; index++) makeFiles(join(folder, `small-${index}`), 100)

    const server = await serverProcess(test, folder)
    const counted = await propfind(server, '/', { body: asking('quota-used-bytes') })
    const members: Record<string, number> = {}
    for (const path of ['/', '/small-0/', '/small-899/', '/large/']) {
      members[path] = (await propfind(server, path, { depth: '1' })).length - 1
    }
    const peak = server.peakMemoryBytes()
    test.diagnostic(`peak ${Math.round(peak / MIB)} MiB`)

    assert.deepEqual(members, { '/': 901, '/small-0/': 100, '/small-899/': 100, '/large/': 10_000 })
    assert.equal(counted[0]?.found.get('DAV:quota-used-bytes')?.text, String(100_000 * CONTENT.length))
    assert.ok(peak < MOST_MEMORY, `${peak} bytes`)
  })
})

/** `count` bytes, of which only a part is ever in memory. */
async function* generated(count: number): AsyncGenerator<Uint8Array> {
  const piece = randomBytes(256 * KIB)
  for (let sent = 0; sent < count; sent += piece.byteLength) yield piece.subarray(0, count - sent)
}

function makeFiles(folder: string, count: number): void {
  mkdirSync(folder)
  for (let index = 0; index < count; index++) writeFileSync(join(folder, `file-${index}.txt`), CONTENT)
}

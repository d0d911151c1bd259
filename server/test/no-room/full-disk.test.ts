import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { inChunks, MIB, randomBytes, sha256 } from '../support/content.ts'
import { refusalIn } from '../support/refusal.ts'
import { cannotMake, SMALL_DISKS, smallDisk } from '../support/small-disk.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { upload } from '../support/upload.ts'

const DISK = 'D:sufficient-disk-space'

for (const disk of SMALL_DISKS) {
  describe(`a ${disk.sizeBytes / MIB} MiB ${disk.type} without a limit`, { skip: cannotMake(disk) }, () => {
    it('refuses a file that is too big before its first byte (MX-02, MX-03)', async (test) => {
      const { server } = await smallDisk(test, disk)
      const { availableBytes } = await server.space()
      const before = await snapshotOf(server)

      const body = randomBytes(availableBytes + 1)
      const answer = await upload(server, '/big.bin', body, { expects100: true })

      assert.deepEqual([answer.status, answer.condition], [507, DISK])
      assert.equal(answer.storage.cause, 'disk-bytes')
      assert.equal(answer.storage.needed, body.byteLength)
      assert.deepEqual([answer.continued, answer.sentBytes], [false, 0])
      assert.deepEqual(await snapshotOf(server), before)
    })

    it('takes a file as big as the room it says it has, and not a byte more (QUOTA-06)', async (test) => {
      const { server } = await smallDisk(test, disk)
      const { availableBytes } = await server.space()

      const over = await upload(server, '/over.bin', randomBytes(availableBytes + 1))
      const body = randomBytes(Math.floor(availableBytes * (disk.isExact ? 1 : 0.9)))
      const exact = await upload(server, '/exact.bin', body)

      assert.deepEqual([over.status, exact.status], [507, 201])
      assert.equal(sha256((await ask(server, 'GET /exact.bin')).bytes), sha256(body))
    })

    it('keeps the old content and ETag when an overwrite is too big (STOR-01, STOR-06)', async (test) => {
      const { server, leave } = await smallDisk(test, disk)
      await upload(server, '/kept.bin', randomBytes(2 * MIB))
      await leave(3 * MIB)
      const before = await snapshotOf(server)

      const answer = await upload(server, '/kept.bin', randomBytes(4 * MIB), { expects100: true })

      assert.deepEqual([answer.status, answer.condition], [507, DISK])
      assert.deepEqual([answer.continued, answer.sentBytes], [false, 0])
      assert.deepEqual(await snapshotOf(server), before)
      assert.equal(before.usedBytes, server.countedBytes())
    })

    it('cuts a body without a length at the line and keeps the old content (MX-05)', async (test) => {
      const { server, leave } = await smallDisk(test, disk)
      await upload(server, '/kept.bin', randomBytes(2 * MIB))
      await leave(3 * MIB)
      const before = await snapshotOf(server)

      const body = randomBytes(6 * MIB)
      const onNew = await upload(server, '/new.bin', inChunks(body))
      const onOld = await upload(server, '/kept.bin', inChunks(body))

      assert.deepEqual([onNew.status, onNew.condition], [507, DISK])
      assert.deepEqual([onOld.status, onOld.condition], [507, DISK])
      assert.deepEqual(await snapshotOf(server), before)
      assert.equal(before.usedBytes, server.countedBytes())
    })

    it('keeps every one of 20 parallel uploads that it acknowledged and refuses the rest (STOR-05)', async (test) => {
      const { server, leave } = await smallDisk(test, disk)
      await leave(8 * MIB)
      const bodies = Array.from({ length: 20 }, () => randomBytes(MIB))

      const answers = await Promise.all(
        bodies.map((body, index) => upload(server, `/${index}.bin`, index % 2 ? body : inChunks(body))),
      )

      const wrong = answers.filter(({ status }) => ![201, 507].includes(status))
      assert.deepEqual(wrong, [])
      const kept = answers.flatMap(({ status }, index) => (status === 201 ? [index] : []))
      assert.ok(kept.length >= (disk.isExact ? 4 : 0) && kept.length <= 8, `${kept.length} were acknowledged`)
      for (const index of kept) {
        const { bytes } = await ask(server, `GET /${index}.bin`)
        assert.equal(sha256(bytes), sha256(bodies[index] ?? new Uint8Array()))
      }
      assert.equal(server.countedBytes(), kept.length * MIB)
      assert.equal((await server.space()).usedBytes, kept.length * MIB)
      assert.deepEqual(server.strays(), [])
    })

    it('reads, lists and deletes when another program has filled it (MX-34, MX-35)', async (test) => {
      const { server, fill } = await smallDisk(test, disk)
      const body = randomBytes(4 * MIB)
      await upload(server, '/kept.bin', body)
      fill()

      const refused = [
        await upload(server, '/new.bin', randomBytes(1)),
        await upload(server, '/kept.bin', randomBytes(1)),
      ]
      const folder = await ask(server, 'MKCOL /folder')
      const read = await ask(server, 'GET /kept.bin')
      const head = await ask(server, 'HEAD /kept.bin')
      const listed = await ask(server, 'PROPFIND /', { headers: { Depth: '1' } })
      const options = await ask(server, 'OPTIONS /kept.bin')
      const { availableBytes } = await server.space()

      assert.deepEqual(
        refused.map(({ status, condition }) => [status, condition]),
        Array(2).fill([507, DISK]),
      )
      assert.deepEqual([folder.status, refusalIn(folder.text).condition], [507, DISK])
      assert.deepEqual([read.status, sha256(read.bytes)], [200, sha256(body)])
      assert.deepEqual([head.status, options.status, listed.status], [200, 200, 207])
      assert.match(listed.text, /kept\.bin/)
      if (disk.isExact) assert.equal(availableBytes, 0)
      assert.deepEqual(server.strays(), [])
    })

    it('has room again as soon as something was deleted on a full disk (MX-34, STOR-12)', async (test) => {
      const { server, fill } = await smallDisk(test, disk)
      await upload(server, '/old.bin', randomBytes(6 * MIB))
      fill()

      const deleted = await ask(server, 'DELETE /old.bin')
      const body = randomBytes(2 * MIB)
      const stored = await upload(server, '/new.bin', body)
      const folder = await ask(server, 'MKCOL /folder')

      assert.deepEqual([deleted.status, stored.status, folder.status], [204, 201, 201])
      assert.equal(sha256((await ask(server, 'GET /new.bin')).bytes), sha256(body))
      assert.equal((await server.space()).usedBytes, 2 * MIB)
      assert.equal(server.countedBytes(), 2 * MIB)
      assert.deepEqual(server.strays(), [])
    })
  })
}

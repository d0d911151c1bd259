import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask } from '../support/ask.ts'
import { cannotMake, SMALL_DISKS, smallDisk } from '../support/small-disk.ts'
import { lock, unlock } from '../support/spawned.ts'

const LOCKS = 8

for (const disk of SMALL_DISKS.filter(({ isExact }) => isExact)) {
  describe(`UNLOCK on a full ${disk.type}`, { skip: cannotMake(disk) }, () => {
    it('works again and again, also when another program takes every byte it makes free, ballast and all (STOR-12)', async (test) => {
      const { server, fill } = await smallDisk(test, disk)
      const held: [string, string][] = []
      for (let number = 0; number < LOCKS; number += 1) {
        const path = `/${number}`
        await ask(server, `PUT ${path}`, { body: 'x' })
        held.push([path, await lock(server, path, { owner: 'o'.repeat(3000) })])
      }

      const statuses: number[] = []
      for (const [path, token] of held) {
        fill()
        statuses.push((await unlock(server, path, token)).status)
      }

      assert.deepEqual(new Set(statuses), new Set([204]))
    })
  })
}

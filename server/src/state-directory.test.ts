import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../test/support/folder.ts'
import { serverWith } from '../test/support/server.ts'
import { StartError } from './core/start-error.ts'

describe('the directory of the state', () => {
  it('is refused inside the served folder, where clients could read it, also by way of a link', async (test) => {
    const folder = temporaryFolder(test)
    const outside = temporaryFolder(test)
    mkdirSync(join(folder, 'sub'))
    symlinkSync(join(folder, 'sub'), join(outside, 'link'))

    for (const stateDirectory of [folder, join(folder, 'sub'), join(outside, 'link')]) {
      await assert.rejects(serverWith(test, { folder, stateDirectory }), StartError)
    }
  })

  it('is accepted outside and where nothing is served', async (test) => {
    const folder = temporaryFolder(test)

    for (const stateDirectory of [temporaryFolder(test), join(folder, '.plimsoll', 'state')]) {
      const { running } = await serverWith(test, { folder, stateDirectory })
      await running.close()
    }
  })
})

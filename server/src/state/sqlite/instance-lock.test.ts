import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { lockDirectory } from './instance-lock.ts'

describe('lockDirectory', () => {
  it('refuses a second holder in the same process until the first lets go', (test) => {
    const folder = temporaryFolder(test)

    const first = lockDirectory(folder)
    const second = lockDirectory(folder)
    first?.release()
    const third = lockDirectory(folder)

    assert.ok(first !== null && third !== null)
    assert.equal(second, null)
    third.release()
  })

  it('refuses another process, and lets it in once it is released', async (test) => {
    const folder = temporaryFolder(test)
    const lock = lockDirectory(folder)
    assert.equal((await lockedElsewhere(test, folder)).answer, 'refused')

    lock?.release()

    assert.equal((await lockedElsewhere(test, folder)).answer, 'locked')
  })

  it('is free after its holder was killed with kill -9', async (test) => {
    const folder = temporaryFolder(test)
    const { holder, answer } = await lockedElsewhere(test, folder)
    assert.equal(answer, 'locked')
    assert.equal(lockDirectory(folder), null)

    holder.kill('SIGKILL')
    await once(holder, 'exit')

    const lock = lockDirectory(folder)
    assert.notEqual(lock, null)
    lock?.release()
  })

  it('keeps other directories free', (test) => {
    const locks = [lockDirectory(temporaryFolder(test)), lockDirectory(temporaryFolder(test))]

    assert.ok(!locks.includes(null))
    for (const lock of locks) lock?.release()
  })
})

/** Another process that tries to lock the folder, says how that went, and stays. */
async function lockedElsewhere(
  test: TestContext,
  folder: string,
): Promise<{ holder: ChildProcess; answer: string }> {
  const module = JSON.stringify(new URL('./instance-lock.ts', import.meta.url).href)
  const script = `
    import { lockDirectory } from ${module}
    const lock = lockDirectory(process.argv[1])
    process.stdout.write(lock === null ? 'refused' : 'locked')
    setInterval(() => lock, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  test.after(() => holder.kill('SIGKILL'))
  const [answer] = await once(holder.stdout, 'data')
  return { holder, answer: String(answer) }
}

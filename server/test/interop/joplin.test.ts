import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { succeed } from './program.ts'
import { checksumsOf, differences } from './tree.ts'

/** Where `install-joplin.sh` has put the client. */
const main = join(process.env.JOPLIN_DIR ?? '', 'node_modules', 'joplin', 'main.js')

const missing =
  (process.env.JOPLIN_DIR === undefined && 'JOPLIN_DIR is not set: see install-joplin.sh') ||
  (!existsSync(main) && `not installed: ${main}`)

describe('Joplin', { skip: missing }, () => {
  it('synchronizes 200 notes with attachments of two clients in both directions (JOP-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: 64 * MIB })
    await ask(server, 'MKCOL /notes/')
    const [alice, bob] = [await client(test, server, 'alice'), await client(test, server, 'bob')]
    await alice.importNotes(100)
    await bob.importNotes(100)

    for (const each of [alice, bob, alice]) await each.synchronize()
    const first = [await alice.exported(), await bob.exported()] as const
    await alice.joplin('use', 'book of alice')
    await alice.joplin('set', 'note 1 of alice', 'body', 'changed by alice')
    await bob.joplin('use', 'book of bob')
    await bob.joplin('rmnote', '--force', 'note 2 of bob')
    for (const each of [alice, bob, alice]) await each.synchronize()
    const second = [await alice.exported(), await bob.exported()] as const

    // 200 notes and the 20 files attached to them.
    assert.equal(filesIn(first[0]), 220)
    assert.deepEqual(differences(...first), [])
    assert.equal(filesIn(second[0]), 219)
    assert.deepEqual(differences(...second), [])
    assert.equal(differences(first[0], second[0]).length, 2)
    assert.equal((await server.space()).usedBytes, server.countedBytes())
    assert.deepEqual(server.strays(), [])
  })

  it('says that the server is full, and goes on when there is room again (JOP-01)', async (test) => {
    const server = await serverWith(test, { limitBytes: MIB })
    await ask(server, 'MKCOL /notes/')
    await ask(server, 'PUT /filler.bin', { body: randomBytes(MIB - 20 * KIB) })
    const [alice, bob] = [await client(test, server, 'alice'), await client(test, server, 'bob')]
    await alice.importNotes(20)

    const refused = await alice.joplin('sync')
    const between = [(await server.space()).usedBytes, server.countedBytes()]
    await ask(server, 'DELETE /filler.bin')
    await alice.synchronize()
    await bob.synchronize()

    assert.match(refused, /507|quota-not-exceeded/)
    assert.equal(between[0], between[1])
    assert.deepEqual(differences(await alice.exported(), await bob.exported()), [])
    assert.equal(filesIn(await bob.exported()), 22)
  })
})

interface Client {
  /** Runs one command. @returns what it said */
  joplin(...args: readonly string[]): Promise<string>
  /** Puts that many notes into a notebook of its own, every tenth with a file attached. */
  importNotes(count: number): Promise<void>
  /** @throws Error unless all went well */
  synchronize(): Promise<void>
  /** The checksums of all notes and attachments. */
  exported(): Promise<ReturnType<typeof checksumsOf>>
}

async function client(test: TestContext, server: TestServer, name: string): Promise<Client> {
  const home = temporaryFolder(test)
  let exports = 0
  const joplin: Client['joplin'] = async (...args) => {
    const all = [main, '--profile', join(home, 'profile'), ...args]
    const { stdout, stderr } = await succeed(process.execPath, all, { env: { HOME: home } })
    return stdout + stderr
  }
  await joplin('config', 'sync.target', '6')
  await joplin('config', 'sync.6.path', `${server.url}/notes/`)
  return {
    joplin,
    async importNotes(count) {
      const from = join(home, 'import')
      writeNotes(join(from, `book of ${name}`), name, count)
      await joplin('import', '--format', 'md', from)
    },
    async synchronize() {
      const said = await joplin('sync')
      assert.match(said, /Completed: /)
      assert.doesNotMatch(said, /error/i)
    },
    async exported() {
      exports += 1
      const to = join(home, `export-${exports}`)
      await joplin('export', '--format', 'md', to)
      return checksumsOf(to)
    },
  }
}

function writeNotes(folder: string, name: string, count: number): void {
  mkdirSync(folder, { recursive: true })
  for (let index = 0; index < count; index++) {
    const lines = [`Note ${index} of ${name}: Grüße, 日本語.`, Buffer.from(randomBytes(200)).toString('hex')]
    if (index % 10 === 0) {
      const attached = `attached to ${index} of ${name}.bin`
      writeFileSync(join(folder, attached), randomBytes(5000 + index))
      lines.push(`[attached](<${attached}>)`)
    }
    writeFileSync(join(folder, `note ${index} of ${name}.md`), lines.join('\n\n'))
  }
}

function filesIn(sums: ReturnType<typeof checksumsOf>): number {
  return Object.values(sums).filter((sum) => sum !== null).length
}

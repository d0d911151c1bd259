import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type Address, ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type Member, propfind } from '../support/multistatus.ts'
import {
  lock,
  meaning,
  type Spawned,
  setting,
  spawnServer,
  transfer,
  unlock,
  update,
  verdicts,
} from '../support/spawned.ts'

/** Kills a server and starts another one on the same folder, whose clock may be ahead. */
async function afterKill(
  test: TestContext,
  folder: string,
  server: Spawned,
  secondsAhead = 0,
): Promise<Spawned> {
  await server.kill()
  return await spawnServer(test, folder, { secondsAhead })
}

async function memberAt(server: Address, path: string): Promise<Member> {
  const [member] = await propfind(server, path)
  assert.ok(member)
  return member
}

describe('kill -9 and a new start', () => {
  it('leave locks as they were: token, owner, scope and depth, and what they guard (LCK-26)', async (test) => {
    const folder = temporaryFolder(test)
    const before = await spawnServer(test, folder)
    for (const path of ['/tree', '/shared']) await ask(before, `MKCOL ${path}`)
    await ask(before, 'PUT /tree/a', { body: 'old' })
    const owner = 'me &amp; <o:who xmlns:o="urn:o">you</o:who>'
    const headers = { Timeout: 'Second-7200' }
    const token = await lock(before, '/tree', { owner, headers })
    const shared = [1, 2].map(() => lock(before, '/shared', { scope: 'shared', depth: '0', headers }))
    await Promise.all(shared)
    const locksOf = async (server: Address, path: string) =>
      (await memberAt(server, path)).found
        .get('DAV:lockdiscovery')
        ?.children.map(({ children }) => children.filter(({ name }) => name !== 'DAV:timeout').map(meaning))
    const known = [await locksOf(before, '/tree/a'), await locksOf(before, '/shared')]

    const after = await afterKill(test, folder, before)

    assert.deepEqual([await locksOf(after, '/tree/a'), await locksOf(after, '/shared')], known)
    const without = await ask(after, 'PUT /tree/a', { body: 'new' })
    const withToken = await ask(after, 'PUT /tree/a', { headers: { If: `(<${token}>)` }, body: 'new' })
    const ended = await unlock(after, '/tree', token)
    assert.deepEqual([without.status, withToken.status, ended.status], [423, 204, 204])
  })

  it('end a lock whose time was over meanwhile, and no other (LCK-16, LCK-26)', async (test) => {
    const folder = temporaryFolder(test)
    const before = await spawnServer(test, folder)
    for (const [path, wish] of [
      ['/short', 'Second-600'],
      ['/long', 'Second-7200'],
    ] as const) {
      await lock(before, path, { headers: { Timeout: wish } })
    }

    const after = await afterKill(test, folder, before, 3600)

    const statuses = await Promise.all(
      ['/short', '/long'].map(async (path) => (await ask(after, `PUT ${path}`, { body: 'x' })).status),
    )
    assert.deepEqual(statuses, [204, 423])
    assert.deepEqual((await memberAt(after, '/short')).found.get('DAV:lockdiscovery')?.children, [])
  })

  it('leave properties as they were acknowledged, and their bytes charged (PP-02, QUOTA-11)', async (test) => {
    const folder = temporaryFolder(test)
    const before = await spawnServer(test, folder)
    await ask(before, 'MKCOL /tree')
    const value = 'a<z:b xml:lang="de">ü</z:b><o:c xmlns:o="urn:o"/>'
    await update(before, '/tree', setting('z:color', value) + setting('z:size', 'x'.repeat(5000)))
    await transfer(before, 'COPY', '/tree', '/copied')
    const paths = ['/tree', '/copied']
    const all = (server: Address) => Promise.all(paths.map((path) => propertiesOf(server, path)))
    const known = [await all(before), await usedBytes(before)]

    const after = await afterKill(test, folder, before)

    assert.deepEqual([await all(after), await usedBytes(after)], known)
    assert.doesNotMatch(after.log(), /differs/)
  })

  it('in the middle of PROPPATCHes leave each whole or not at all (PP-02)', async (test) => {
    const folder = temporaryFolder(test)
    let server = await spawnServer(test, folder)
    await ask(server, 'PUT /a', { body: 'x' })

    for (let round = 1; round <= 5; round++) {
      let acknowledged = 0
      const writer = write(async () => {
        const next = String(acknowledged + 1)
        const answer = await update(server, '/a', setting('z:one', next) + setting('z:two', next))
        assert.deepEqual(verdicts(answer), { '{urn:z}one': '200', '{urn:z}two': '200' })
        acknowledged += 1
      })
      while (acknowledged < 5 * round) await turn()
      server = await afterKill(test, folder, server)
      await writer

      const { found } = await memberAt(server, '/a')
      const [one, two] = ['one', 'two'].map((name) => Number(found.get(`{urn:z}${name}`)?.text))
      assert.equal(one, two)
      assert.ok(one === acknowledged || one === acknowledged + 1, `${one} after ${acknowledged}`)
    }
  })

  it('in the middle of MOVEs leave the tree whole under one name, with its properties (CM-26, CM-14)', async (test) => {
    const folder = temporaryFolder(test)
    let server = await spawnServer(test, folder)
    for (const path of ['/0', '/0/sub']) await ask(server, `MKCOL ${path}`)
    for (const path of ['/0/a', '/0/sub/b']) await ask(server, `PUT ${path}`, { body: path })
    await update(server, '/0/sub/b', setting('z:color', 'red'))

    let name = 0
    for (let round = 1; round <= 8; round++) {
      const begun = name
      const mover = write(async () => {
        const answer = await transfer(server, 'MOVE', `/${name}`, `/${name + 1}`)
        assert.equal(answer.status, 201)
        name += 1
      })
      while (name < begun + round) await turn()
      server = await afterKill(test, folder, server)
      await mover

      const [left, ...others] = readdirSync(folder).filter((entry) => entry !== '.plimsoll')
      assert.deepEqual(others, [])
      assert.ok(left === String(name) || left === String(name + 1), `${left} after ${name}`)
      name = Number(left)
      assert.deepEqual(readdirSync(join(folder, left), { recursive: true }).sort(), ['a', 'sub', 'sub/b'])
      assert.deepEqual(await propertiesOf(server, `/${left}/sub/b`), [['{urn:z}color', 'red']])
      assert.doesNotMatch(server.log(), /differs/)
    }
  })
})

/** Repeats a step until the server is gone. A step that ends is acknowledged. */
async function write(step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await step()
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      return
    }
  }
}

async function propertiesOf(server: Address, path: string): Promise<unknown> {
  const own = [...(await memberAt(server, path)).found].filter(([name]) => name.startsWith('{urn:z}'))
  return own.map(([name, element]) => [name, name.endsWith('color') ? element.text : meaning(element)])
}

async function usedBytes(server: Address): Promise<string | undefined> {
  const body = '<D:propfind xmlns:D="DAV:"><D:prop><D:quota-used-bytes/></D:prop></D:propfind>'
  const [root] = await propfind(server, '/', { body })
  return root?.found.get('DAV:quota-used-bytes')?.text
}

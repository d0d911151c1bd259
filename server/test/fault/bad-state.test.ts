import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, type TestContext } from 'node:test'
import { NO_LIMITS } from '../../src/core/ledger.ts'
import { ROOT } from '../../src/core/path.ts'
import { StartError } from '../../src/core/start-error.ts'
import { head } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { eventually, requestEnded } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { propfind } from '../support/multistatus.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { lock, restarted, setting, spawnServer, transfer, update } from '../support/spawned.ts'

const DAY = 86_400
const LIMIT = { limitBytes: 10_000 }

/** A server with a file, a property and a lock, which has ended. */
async function servedBefore(test: TestContext, stateDirectory: string | null = null): Promise<TestServer> {
  const server = await serverWith(test, { ...LIMIT, stateDirectory })
  await ask(server, 'PUT /a', { body: 'x'.repeat(100) })
  await update(server, '/a', setting('z:color', 'red'))
  await lock(server, '/a')
  return server
}

function lostIn({ log }: TestServer): string[] {
  return log.messages.filter((message) => message.startsWith('this folder was served before'))
}

function unknownIn({ log }: TestServer): string[] {
  return log.messages.filter((message) => message.startsWith('there is no state in'))
}

describe('a state that is lost', () => {
  it('is missed too where an empty file is left of the database (QUOTA-17)', async (test) => {
    const before = await servedBefore(test)
    await before.running.close()
    const own = join(before.folder, '.plimsoll')
    for (const name of readdirSync(own)) if (/^state\.db/.test(name)) rmSync(join(own, name))
    writeFileSync(join(own, 'state.db'), '')

    const after = await restarted(test, before, LIMIT)

    assert.equal(lostIn(after).length, 1)
  })

  it('is told of as far as can be known where all of .plimsoll is gone: it may be the first start (QUOTA-17)', async (test) => {
    const before = await servedBefore(test)
    await before.running.close()
    rmSync(join(before.folder, '.plimsoll'), { recursive: true })

    const after = await restarted(test, before, LIMIT)

    assert.deepEqual([lostIn(after), unknownIn(before)], [[], []])
    assert.match(unknownIn(after).join(), /if it was served before, properties, locks, .* are lost/)
    assert.deepEqual(await after.space(), { usedBytes: 100, availableBytes: 9900 })
  })

  for (const [what, names] of [
    ['the database', /^state\.db/],
    ['all of its directory', /./],
  ] as const) {
    it(`is made anew from the folder, and what is lost is told once: ${what} (QUOTA-17)`, async (test) => {
      const stateDirectory = temporaryFolder(test)
      const before = await servedBefore(test, stateDirectory)
      await before.running.close()
      for (const name of readdirSync(stateDirectory)) {
        if (names.test(name)) rmSync(join(stateDirectory, name))
      }

      const after = await restarted(test, before, { ...LIMIT, stateDirectory })
      const again = await restarted(test, after, { ...LIMIT, stateDirectory })

      assert.match(lostIn(after).join(), /no state in .*properties, locks, .* are lost/)
      assert.deepEqual(lostIn(again), [])
      assert.deepEqual(await again.space(), { usedBytes: 100, availableBytes: 9900 })
      const [member] = await propfind(again, '/a')
      assert.deepEqual(
        [member?.found.get('{urn:z}color'), member?.found.get('DAV:lockdiscovery')?.text],
        [undefined, ''],
      )
      assert.equal((await ask(again, 'PUT /a', { body: 'new' })).status, 204)
    })
  }

  it('is made anew also where a crash has left the log of the database that is gone (QUOTA-17)', async (test) => {
    const folder = temporaryFolder(test)
    const killed = await spawnServer(test, folder)
    await ask(killed, 'PUT /a', { body: 'x'.repeat(100) })
    await update(killed, '/a', setting('z:color', 'red'))
    await killed.kill()
    rmSync(join(folder, '.plimsoll', 'state.db'))
    assert.ok(readdirSync(join(folder, '.plimsoll')).includes('state.db-wal'))

    const after = await serverWith(test, { ...LIMIT, folder })

    assert.equal(lostIn(after).length, 1)
    assert.deepEqual(await after.space(), { usedBytes: 100, availableBytes: 9900 })
    assert.equal((await ask(after, 'PUT /a', { body: 'new' })).status, 204)
  })

  it('is not missed in a folder that is served for the first time, or whose state is there (QUOTA-17)', async (test) => {
    const before = await servedBefore(test)

    const after = await restarted(test, before, LIMIT)

    assert.deepEqual([...lostIn(before), ...lostIn(after)], [])
    assert.deepEqual(unknownIn(after), [])
    assert.equal((await propfind(after, '/a'))[0]?.found.get('{urn:z}color')?.text, 'red')
  })
})

describe('a directory of the server that is removed while it runs', () => {
  const SAID = /directory \.plimsoll was removed while it runs\. Start the server again/
  const QUESTION = { 'Plimsoll-Ask': 'PUT', 'X-Expected-Entity-Length': '1' }
  const servedWithout = async (test: TestContext, own: string): Promise<TestServer> => {
    const server = await serverWith(test, LIMIT)
    await ask(server, 'PUT /kept', { body: 'kept' })
    rmSync(join(server.folder, own), { recursive: true })
    return server
  }

  for (const own of ['.plimsoll', '.plimsoll/stage', '.plimsoll/trash']) {
    it(`is a failure of the server for what needs it, with what to do: ${own}`, async (test) => {
      const server = await servedWithout(test, own)

      const answers = [
        await ask(server, 'PUT /b', { body: 'b' }),
        await ask(server, 'MKCOL /c'),
        await transfer(server, 'COPY', '/kept', '/d'),
        await ask(server, 'OPTIONS /b', { headers: QUESTION }),
      ]

      const expected = answers.map(() => [500, true])
      assert.deepEqual(
        answers.map(({ status, text }) => [status, SAID.test(text)]),
        expected,
      )
      assert.equal(server.log.messages.filter((message) => SAID.test(message)).length, answers.length)
      assert.equal((await ask(server, 'GET /kept')).text, 'kept')
    })
  }

  for (const own of ['.plimsoll', '.plimsoll/trash']) {
    it(`never makes a file that is there look deleted: ${own}`, async (test) => {
      const server = await servedWithout(test, own)

      const { status, text } = await ask(server, 'DELETE /kept')

      assert.deepEqual([status, SAID.test(text)], [500, true])
      assert.equal(readFileSync(join(server.folder, 'kept'), 'utf8'), 'kept')
      assert.equal((await server.space()).usedBytes, 4)
    })
  }

  it('nor does an upload that is taken out of it end as a file that is not there', async (test) => {
    const server = await serverWith(test, LIMIT)
    const connection = await rawConnection(test, server)
    connection.write(head('PUT /slow', 'Content-Length: 2'))
    connection.write('x')
    await eventually('the upload has begun', () => server.strays().length === 1)

    for (const name of server.strays()) rmSync(join(server.folder, '.plimsoll', 'stage', name))
    connection.write('x')
    await requestEnded(server, 'PUT /slow')

    assert.deepEqual(
      server.log.requests.map(({ status }) => status),
      [500],
    )
    assert.deepEqual(await server.space(), { usedBytes: 0, availableBytes: 10_000 })
  })
})

describe('a state of a newer version', () => {
  it('stops the start with a sentence, and neither it nor the folder is changed', async (test) => {
    const before = await servedBefore(test)
    await before.running.close()
    const file = join(before.folder, '.plimsoll', 'state.db')
    const newer = new DatabaseSync(file)
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    const bytes = readFileSync(file)

    await assert.rejects(
      serverWith(test, { ...LIMIT, folder: before.folder }),
      (error) => error instanceof StartError && /written by a newer Plimsoll/.test(error.message),
    )

    assert.deepEqual(readFileSync(file), bytes)
    assert.equal(readFileSync(join(before.folder, 'a'), 'utf8'), 'x'.repeat(100))
  })
})

describe('a second server', () => {
  it('is refused on the same folder, wherever its state lies, and does the first no harm', async (test) => {
    const first = await servedBefore(test)
    const inUse = (error: unknown) =>
      error instanceof StartError && error.message === `another Plimsoll server is using ${first.folder}`

    await assert.rejects(serverWith(test, { folder: first.folder }), inUse)
    await assert.rejects(
      serverWith(test, { folder: first.folder, stateDirectory: temporaryFolder(test) }),
      inUse,
    )

    assert.equal((await ask(first, 'PUT /b', { body: 'b' })).status, 201)
    assert.equal((await propfind(first, '/a'))[0]?.found.get('{urn:z}color')?.text, 'red')
  })

  it('is refused on the state of another folder', async (test) => {
    const stateDirectory = temporaryFolder(test)
    await serverWith(test, { stateDirectory })

    await assert.rejects(
      serverWith(test, { stateDirectory }),
      (error) =>
        error instanceof StartError && error.message === `another Plimsoll server is using ${stateDirectory}`,
    )
  })

  it('is refused in a process of its own, with exit code 1 and what to do', async (test) => {
    const folder = temporaryFolder(test)
    mkdirSync(join(folder, 'files'))
    const first = await spawnServer(test, join(folder, 'files'))

    await assert.rejects(
      spawnServer(test, join(folder, 'files')),
      /ended with 1\n.*another Plimsoll server is using .*\n.*Stop the other one/,
    )

    assert.equal((await ask(first, 'PUT /b', { body: 'b' })).status, 201)
  })
})

/** The time of day of this process; returns what sets it, by seconds from the real one. To be called before the start. */
function settableClock(test: TestContext): (seconds: number) => void {
  const real = Date.now
  let aheadMs = 0
  test.mock.method(Date, 'now', () => real() + aheadMs)
  return (seconds) => {
    aheadMs = seconds * 1000
  }
}

describe('a clock that is set while a server runs', () => {
  for (const days of [400, -400]) {
    it(`by ${days} days neither ends a running upload nor changes what it is charged (STOR-08)`, async (test) => {
      const setClock = settableClock(test)
      const server = await serverWith(test, LIMIT)
      const connection = await rawConnection(test, server)
      connection.write(head('PUT /slow', 'Content-Length: 5000'))
      connection.write('x'.repeat(2500))
      await eventually('the upload has begun', () => server.strays().length === 1)

      setClock(days * DAY)
      const other = await ask(server, 'PUT /other', { body: 'x'.repeat(100) })
      const during = await server.space()
      connection.write('x'.repeat(2500))
      await requestEnded(server, 'PUT /slow')

      assert.equal(other.status, 201)
      assert.deepEqual(during, { usedBytes: 100, availableBytes: 4900 })
      assert.deepEqual(await server.space(), { usedBytes: 5100, availableBytes: 4900 })
      assert.deepEqual(
        server.log.requests.filter(({ path }) => path === '/slow').map(({ status }) => status),
        [201],
      )
    })
  }

  it('gives nobody a grace that began in the future (LVL-01)', async (test) => {
    const setClock = settableClock(test)
    const limits = { ...NO_LIMITS, softLimitBytes: 100, graceSeconds: DAY }
    const server = await serverWith(test, { spaces: [{ path: ROOT, kind: 'collection', limits }] })
    const put = async (name: string): Promise<number> => {
      const answer = await ask(server, `PUT ${name}`, { body: 'x'.repeat(60) })
      return answer.status
    }

    setClock(400 * DAY)
    const ahead = [await put('/a'), await put('/b')]
    setClock(0)
    const back = await put('/c')
    setClock(DAY - 60)
    const before = await put('/d')
    setClock(DAY + 60)
    const after = await put('/e')

    assert.deepEqual([...ahead, back, before, after], [201, 201, 201, 201, 507])
  })
})

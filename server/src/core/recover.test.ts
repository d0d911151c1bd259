import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import {
  at,
  depsIn,
  mkcol,
  putText,
  recover,
  removeAt,
  requireSettled,
  visible,
} from '../../test/fault/harness.ts'
import { temporaryFolder } from '../../test/support/folder.ts'
import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { recountAtStart } from './reconcile.ts'
import { keepLeases, recoverAll } from './recover.ts'
import type { Totals } from './resource.ts'
import { type Reservation, reserve } from './space.ts'
import type { Staged } from './store.ts'

describe('recovery after a crash', () => {
  it('gives back what was claimed and staged (STOR-08)', async (test) => {
    const { deps, folder, restart } = scene(test)
    await putText(deps, '/a', 'old')
    await upload(deps, '/a', 'new content', 'staged')

    const after = await restart()

    assert.deepEqual(await recoverAll(after), { claims: 1, strays: 0 })
    assert.deepEqual(await visible(after, folder), ['/a old (text/x-3)'])
    await requireSettled(after, folder)
  })

  it('undoes what was about to be committed (STOR-08)', async (test) => {
    const { deps, folder, restart } = scene(test)
    await putText(deps, '/a', 'old')
    await upload(deps, '/a', 'new content', 'intended')

    const after = await restart()
    await recoverAll(after)

    assert.deepEqual(await visible(after, folder), ['/a old (text/x-3)'])
    await requireSettled(after, folder)
  })

  it('charges what was committed and not yet settled, and remembers its type (STOR-08)', async (test) => {
    const { deps, folder, restart } = scene(test)
    await putText(deps, '/a', 'old')
    await upload(deps, '/a', 'new content', 'committed')

    const after = await restart()
    await recoverAll(after)

    assert.deepEqual(await visible(after, folder), ['/a new content (text/x-new)'])
    await requireSettled(after, folder)
  })

  it('finishes a removal that had begun, and leaves alone one that was about to', async (test) => {
    const { deps, folder, restart } = scene(test)
    await mkcol(deps, '/begun')
    for (const path of ['/begun/a', '/about', '/beside']) await putText(deps, path, 'content')
    await journalRemoval(deps, '/begun', 'begun')
    await journalRemoval(deps, '/about', 'about')
    renameSync(join(folder, 'begun'), join(folder, '.plimsoll', 'trash', 'begun'))

    const after = await restart()
    await recoverAll(after)

    assert.deepEqual(await visible(after, folder), [
      '/about content (text/x-7)',
      '/beside content (text/x-7)',
    ])
    await requireSettled(after, folder)
  })

  it('removes what is staged and what nobody claims, and says how many there were', async (test) => {
    const { folder, restart } = scene(test)
    writeFileSync(join(folder, '.plimsoll', 'stage', 'stray'), 'stray')
    mkdirSync(join(folder, '.plimsoll', 'trash', 'stray', 'deep'), { recursive: true })

    const after = await restart()

    assert.deepEqual(await recoverAll(after), { claims: 0, strays: 2 })
    await requireSettled(after, folder)
  })

  it('may crash itself at any moment and be begun again', async (test) => {
    const { deps, folder, restart } = scene(test)
    await upload(deps, '/a', 'new content', 'committed')
    const after = await restart()
    const [claim] = await after.state.ledger.expired(Number.MAX_SAFE_INTEGER)
    assert.ok(claim !== undefined)
    await after.store.recover(claim)

    const again = await restart()
    await recoverAll(again)
    await recoverAll(again)

    assert.deepEqual(await visible(again, folder), ['/a new content (text/x-new)'])
    await requireSettled(again, folder)
  })

  it('goes on with the other claims when one cannot be recovered, so that the server starts', async (test) => {
    const { deps, folder } = scene(test)
    await upload(deps, '/stuck', 'content', 'staged')
    await upload(deps, '/a', 'content', 'staged')
    deps.running.clear()
    const store = {
      ...deps.store,
      recover: async (claim: Parameters<typeof deps.store.recover>[0]) => {
        if (claim.path === at('/stuck')) throw new DavError('io-error', 'a fault of the test')
        return await deps.store.recover(claim)
      },
    }

    await recoverAll({ ...deps, store })

    const left = await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)
    assert.deepEqual(
      left.map(({ path }) => path),
      ['/stuck'],
    )
    await recoverAll(deps)
    await requireSettled(deps, folder)
  })
})

describe('a removal that the store refuses', () => {
  it('is not carried out later, when the client has long been told that it failed', async (test) => {
    const { deps, folder } = scene(test)
    await putText(deps, '/a', 'precious')
    await assert.rejects(removeAt(refusingRemoval(deps), '/a'), { code: 'forbidden' })

    await recover(deps)

    assert.deepEqual(await visible(deps, folder), ['/a precious (text/x-8)'])
    await requireSettled(deps, folder)
  })

  it('is counted once when it is repeated and succeeds', async (test) => {
    const { deps, folder } = scene(test)
    for (const path of ['/a', '/beside']) await putText(deps, path, 'content')
    await assert.rejects(removeAt(refusingRemoval(deps), '/a'), { code: 'forbidden' })

    await removeAt(deps, '/a')
    await recover(deps)

    assert.deepEqual(await visible(deps, folder), ['/beside content (text/x-7)'])
    await requireSettled(deps, folder)
  })
})

describe('keepLeases', () => {
  it('renews the lease of what is running and recovers what is not (STOR-08)', async (test) => {
    const { deps, folder } = scene(test)
    const running = await upload(deps, '/running', 'content', 'staged')
    await upload(deps, '/gone', 'content', 'staged')
    deps.running.clear()
    deps.running.set(running.id, { user: null, takesSlot: true, written: { bytes: 0, entries: 0 } })
    const later = { ...deps, nowMs: () => Date.now() + 2 * deps.limits.leaseSeconds * 1000 }

    await keepLeases(later)

    const claims = await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)
    assert.deepEqual(
      claims.map(({ path }) => path),
      ['/running'],
    )
    assert.deepEqual(await deps.state.ledger.expired(later.nowMs()), [])
    await recover(deps)
    await requireSettled(deps, folder)
  })

  it('leaves alone what has not expired', async (test) => {
    const { deps } = scene(test)
    await upload(deps, '/a', 'content', 'staged')
    deps.running.clear()

    await keepLeases(deps)

    assert.equal((await deps.state.ledger.expired(Number.MAX_SAFE_INTEGER)).length, 1)
  })
})

describe('the count at start', () => {
  it('puts right what others changed in the folder, and says so', async (test) => {
    const { deps, folder } = scene(test)
    for (const path of ['/a', '/b']) await putText(deps, path, 'content')
    rmSync(join(folder, 'a'))
    mkdirSync(join(folder, 'c'))
    writeFileSync(join(folder, 'c', 'd'), 'foreign content')
    const warnings: unknown[] = []
    const log = { ...deps.log, warn: (_: string, fields?: unknown) => void warnings.push(fields) }

    const last = await counted({ ...deps, log })
    await counted({ ...deps, log })

    assert.deepEqual(last, { bytes: 22, entries: 3 })
    assert.deepEqual(warnings, [
      { countedBytes: 22, countedEntries: 3, recordedBytes: 14, recordedEntries: 2, folders: ['/', '/c'] },
    ])
    await recover(deps)
    await requireSettled(deps, folder)
  })
})

interface Scene {
  readonly deps: Deps
  readonly folder: string
  /** Lets go of everything without finishing anything, and opens it anew. */
  restart(): Promise<Deps>
}

function scene(test: TestContext): Scene {
  const folder = temporaryFolder(test)
  let deps = depsIn(folder)
  test.after(() => deps.close())
  return {
    deps,
    folder,
    async restart() {
      await deps.close()
      deps = depsIn(folder)
      return deps
    },
  }
}

type Moment = 'staged' | 'intended' | 'committed'

/** What a PUT does, up to the moment it is cut off. */
async function upload(deps: Deps, path: string, text: string, until: Moment): Promise<Reservation> {
  const before = await deps.store.stat(at(path))
  const replaces = { bytes: before?.bytes ?? 0, entries: before === null ? 0 : 1, propertyBytes: 0 }
  const want = { id: deps.newId(), kind: 'put' as const, path: at(path), entries: 1, replaces }
  const reservation = await reserve(deps, { ...want, bytes: text.length })
  const staged = await deps.store.stage(at(path), reservation.id)
  await staged.append(
    (async function* () {
      yield Buffer.from(text)
    })(),
  )
  if (until !== 'staged') {
    await deps.state.exclusive([at(path)], async (tx) => {
      const { identity } = staged
      const intent = { bytes: text.length, entries: 1, replaces, identity, contentType: 'text/x-new' }
      await reservation.intend(tx, intent)
      if (until === 'committed') await staged.commit(tx, at(path))
    })
  }
  if (until !== 'committed') abandoned.push(staged)
  return reservation
}

// Held, because a file that is collected while it is open ends with a warning.
const abandoned: Staged[] = []

async function journalRemoval(deps: Deps, path: string, id: string): Promise<void> {
  const bytes = (await deps.store.stat(at(path)))?.bytes ?? 0
  const identity = await deps.store.identify(at(path))
  const removal = { id, path: at(path), identity, bytes, leaseUntilMs: 0 }
  await deps.state.exclusive([at(path)], (tx) => deps.state.ledger.journalRemoval(tx, removal))
}

/** As for a directory that somebody has mounted something on: nothing has happened and the system says no. */
function refusingRemoval(deps: Deps): Deps {
  const remove = async () => {
    throw new DavError('forbidden', 'a fault of the test')
  }
  return { ...deps, store: { ...deps.store, remove } }
}

async function counted(deps: Deps): Promise<Totals | null> {
  let last: Totals | null = null
  for await (const sum of recountAtStart(deps)) last = sum
  return last
}

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, ask } from '../support/ask.ts'
import { KIB } from '../support/content.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { askLock, removing, restarted, setting, transfer, unlock, update } from '../support/spawned.ts'

// STRESS_SECONDS=60 is the long run; STRESS_SEED=… repeats one as far as the clock allows.
const SECONDS = Number(process.env.STRESS_SECONDS ?? 10)
const SEED = Number(process.env.STRESS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const CLIENTS = 16
// Small enough that the room runs out now and then: refusals are undone in the middle of everything else.
const LIMIT_BYTES = 600 * KIB

/** Small, so that the clients are in each other's way. */
const NAMES = ['a', 'b', 'c']

describe(`${CLIENTS} clients on one small tree`, () => {
  it(`leave counters that equal the folder, and no orphan, after ${SECONDS} s of everything (QUOTA-17, STOR-01, STOR-05, STOR-08)`, async (test) => {
    test.diagnostic(`STRESS_SEED=${SEED}`)
    const server = await serverWith(test, { limitBytes: LIMIT_BYTES, limits: { locks: 8 } })
    const work = { running: true, statuses: new Map<string, number>() }

    const clients = Array.from({ length: CLIENTS }, (_, number) => {
      const random = randomFrom(SEED + number)
      return clientOn(server, random, work)
    })
    await wait(SECONDS * 1000)
    work.running = false
    await Promise.all(clients)

    test.diagnostic(
      [...work.statuses]
        .map(([key, count]) => `${key}: ${count}`)
        .sort()
        .join(', '),
    )
    const unexpected = [...work.statuses.keys()].filter((key) => !EXPECTED.test(key))
    assert.deepEqual(unexpected, [])
    assert.deepEqual(
      server.log.requests.filter(({ status }) => status === 500),
      [],
    )
    const { usedBytes } = await server.space()
    await server.running.close()
    assertSound(server, usedBytes)
    const again = await restarted(test, server, { limitBytes: LIMIT_BYTES })
    assert.deepEqual(again.log.messages, [])
    assert.equal((await again.space()).usedBytes, usedBytes)
  })
})

/** Successes, and refusals for which another client or the limit is the reason. */
const EXPECTED = /^\w+ (20[0147]|403|404|405|409|412|423|507)$/

interface Work {
  running: boolean
  /** How often each method was answered with each status. */
  readonly statuses: Map<string, number>
}

type Random = (bound: number) => number

async function clientOn(server: TestServer, random: Random, work: Work): Promise<void> {
  const tokens: { readonly path: string; readonly token: string }[] = []
  while (work.running) {
    const [method, answer] = await step(server, random, tokens)
    const key = `${method} ${answer.status}`
    work.statuses.set(key, (work.statuses.get(key) ?? 0) + 1)
  }
  for (const { path, token } of tokens) await unlock(server, path, token)
}

/** One request about a random place, sometimes with a token that the client has. */
async function step(
  server: TestServer,
  random: Random,
  tokens: { path: string; token: string }[],
): Promise<readonly [string, Answer]> {
  const held = tokens[random(tokens.length + 2)]
  const If = held === undefined ? {} : { If: `<${held.path}> (<${held.token}>) (Not <DAV:no-lock>)` }
  const [path, other] = [placeFrom(random), placeFrom(random)]
  switch (METHODS[random(METHODS.length)]) {
    case 'PUT':
      return ['PUT', await ask(server, `PUT ${path}`, { headers: If, body: 'x'.repeat(random(20 * KIB)) })]
    case 'MKCOL':
      return ['MKCOL', await ask(server, `MKCOL ${path}`, { headers: If })]
    case 'COPY':
      return [
        'COPY',
        await transfer(server, 'COPY', path, other, { ...If, Overwrite: 'TF'.charAt(random(2)) }),
      ]
    case 'MOVE':
      return [
        'MOVE',
        await transfer(server, 'MOVE', path, other, { ...If, Overwrite: 'TF'.charAt(random(2)) }),
      ]
    case 'DELETE':
      return ['DELETE', await ask(server, `DELETE ${path}`, { headers: If })]
    case 'PROPPATCH': {
      const name = `z:${NAMES[random(NAMES.length)]}`
      const change = random(4) === 0 ? removing(name) : setting(name, 'x'.repeat(random(5 * KIB)))
      return ['PROPPATCH', await update(server, path, change, If)]
    }
    case 'UNLOCK': {
      const gone = tokens.shift()
      if (gone !== undefined) return ['UNLOCK', await unlock(server, gone.path, gone.token)]
    }
  }
  const answer = await askLock(server, path, {
    scope: random(2) === 0 ? 'exclusive' : 'shared',
    depth: random(4) === 0 ? 'infinity' : '0',
  })
  const token = answer.headers['lock-token']
  if (token !== undefined) tokens.push({ path, token: String(token).slice(1, -1) })
  return ['LOCK', answer]
}

const METHODS = [
  'PUT',
  'PUT',
  'MKCOL',
  'MKCOL',
  'COPY',
  'MOVE',
  'DELETE',
  'PROPPATCH',
  'UNLOCK',
  'UNLOCK',
  'LOCK',
]

function placeFrom(random: Random): string {
  const names = Array.from({ length: 1 + random(3) }, () => NAMES[random(NAMES.length)])
  return `/${names.join('/')}`
}

/** What a client cannot see is looked up in the state: rows that belong to nothing. */
function assertSound(server: TestServer, usedBytes: number): void {
  const paths = new Set(
    readdirSync(server.folder, { recursive: true, encoding: 'utf8' }).map((name) => `/${name}`),
  )
  const database = new DatabaseSync(join(server.folder, '.plimsoll', 'state.db'), { readOnly: true })
  const rows = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => String(Object.values(row)[0]))
  const properties = rows('SELECT path FROM property_holder')
  const locks = rows('SELECT path FROM lock')
  const claims = rows('SELECT id FROM claim')
  const charged = Number(rows('SELECT coalesce(sum(charged_bytes), 0) FROM property')[0])
  const reserved = rows(`SELECT reserved_bytes + reserved_entries FROM space WHERE path = '/'`)
  database.close()
  const orphans = [...properties, ...locks].filter((path) => path !== '/' && !paths.has(path))
  assert.deepEqual({ orphans, claims, reserved }, { orphans: [], claims: [], reserved: ['0'] })
  assert.deepEqual(server.strays(), [])
  assert.equal(usedBytes, server.countedBytes() + charged)
}

/** Numbers that come again with the same seed: a linear congruential generator with the constants of POSIX. */
function randomFrom(seed: number): Random {
  let state = (BigInt(seed) << 16n) | 0x330en
  return (bound) => {
    state = (state * 0x5deece66dn + 0xbn) % (1n << 48n)
    return Number((state >> 16n) % BigInt(bound))
  }
}

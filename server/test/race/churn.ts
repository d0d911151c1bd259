import assert from 'node:assert/strict'
import { join } from 'node:path'
import { NO_LIMITS } from '../../src/core/ledger.ts'
import { type ResourcePath, ROOT } from '../../src/core/path.ts'
import { WATCHING } from '../prove/inspect.ts'
import { type Address, ask } from '../support/ask.ts'
import { KIB, randomBytes } from '../support/content.ts'
import { temporaryFolder } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'
import type { Random } from '../support/random.ts'
import { serverWith } from '../support/server.ts'
import { stateRows } from '../support/state-rows.ts'
import { type Job, race } from './clients.ts'
import { propertyOf, QUICK, requireSettled, TEAM } from './filling.ts'
import { type Watched, watchLimits } from './watch.ts'

const CONNECTIONS = 64
const JOBS = 6
const LIMIT_BYTES = 200 * KIB
const TEAM_LIMIT_BYTES = 120 * KIB
const MOST_BYTES = 24 * KIB

/**
 * 64 connections from eight processes that put, copy, move, set and delete in each other's way, in a collection with
 * less room than the one around it, both far too small.
 * @throws AssertionError that says what was violated
 */
export async function churnRace(life: Lifetime, random: Random): Promise<Watched & { statuses: Statuses }> {
  const folder = temporaryFolder(life)
  const server = await serverWith(life, {
    folder,
    limits: QUICK,
    watch: random.pick(WATCHING),
    spaces: [spaceOf(ROOT, LIMIT_BYTES), spaceOf(TEAM, TEAM_LIMIT_BYTES)],
  })
  for (const path of ['/team', '/pool']) await ask(server, `MKCOL ${path}`)
  const chains = Array.from({ length: CONNECTIONS }, () => Array.from({ length: JOBS }, () => jobOf(random)))

  const watch = watchLimits(folder)
  const outcomes = (await race(life, server, chains)).flat()
  const watched = await watch.end()

  assert.deepEqual(watched.violations, [])
  const unexpected = outcomes.filter(({ status }) => !EXPECTED.has(status))
  assert.deepEqual(unexpected, [])
  requireSettled(folder, stateRows(join(folder, '.plimsoll')))
  await requireExactRest(server)
  const drift = server.log.messages.filter((message) => /differs? from the counters/.test(message))
  assert.deepEqual(drift, [], 'another program was suspected')
  return { ...watched, statuses: countedStatuses(outcomes.map(({ status }) => status)) }
}

type Statuses = Readonly<Record<string, number>>

/** Successes, and refusals for which another client or the limit is the reason. */
const EXPECTED: ReadonlySet<number> = new Set([201, 204, 207, 403, 404, 405, 409, 412, 507])

function spaceOf(path: ResourcePath, limitBytes: number) {
  return { path, kind: 'collection' as const, limits: { ...NO_LIMITS, limitBytes } }
}

const PLACES = ['/team/a', '/team/b', '/team/c', '/team/d', '/pool/a', '/pool/b', '/pool/c', '/pool/d']

function jobOf(random: Random): Job {
  const place = random.pick(PLACES)
  const bytes = random.below(MOST_BYTES)
  const Destination = random.pick(PLACES)
  return random.pick<Job>([
    { line: `PUT ${place}`, bytes },
    { line: `PUT ${place}`, bytes },
    { line: `PUT ${place}`, bytes, chunked: true },
    { line: `PUT ${place}`, bytes, chunked: true },
    { line: `COPY ${place}`, headers: { Destination } },
    { line: `MOVE ${place}`, headers: { Destination } },
    { line: `DELETE ${place}` },
    { line: `PROPPATCH ${place}`, headers: { 'Content-Type': 'application/xml' }, body: propertyOf(bytes) },
  ])
}

/** What the server says is left can be had to the last byte, and no byte more. */
async function requireExactRest(
  server: Address & { space(path: string): Promise<{ availableBytes: number }> },
) {
  const { availableBytes } = await server.space('/team/')
  const over = await ask(server, 'PUT /team/rest', { body: randomBytes(availableBytes + 1) })
  const exact = await ask(server, 'PUT /team/rest', { body: randomBytes(availableBytes) })
  assert.deepEqual([over.status, exact.status], [507, 201])
}

function countedStatuses(statuses: readonly number[]): Statuses {
  const counts: Record<string, number> = {}
  for (const status of statuses.toSorted()) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

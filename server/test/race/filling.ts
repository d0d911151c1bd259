import assert from 'node:assert/strict'
import { join } from 'node:path'
import { NO_LIMITS, type SpaceSetting } from '../../src/core/ledger.ts'
import { type ResourcePath, ROOT } from '../../src/core/path.ts'
import { type Address, ask } from '../support/ask.ts'
import { KIB } from '../support/content.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'
import type { Random } from '../support/random.ts'
import { whileServed } from '../support/served.ts'
import { serverWith } from '../support/server.ts'
import { setting } from '../support/spawned.ts'
import { type StateRows, stateRows } from '../support/state-rows.ts'
import { type Job, race } from './clients.ts'
import { bytesBelow, chargedBelow, spacesIn, type Watched, watchLimits } from './watch.ts'

export interface Filling {
  readonly random: Random
  /** Whether all want the same, of which ten fit; else each wants something else. */
  readonly sameSize: boolean
  /** How much more than that fits, in bytes. */
  readonly slackBytes: number
  /** How many uploads do not say their size and have claimed some ahead before the others begin. */
  readonly holding: number
  /** Where the limits lie that are fought over; all requests are below `/team`. */
  readonly limits: readonly ResourcePath[]
}

export const TEAM = '/team' as ResourcePath
export const SIZE_BYTES = 20 * KIB
const CONTENDERS = 64
const FITTING = 10

/** Uploads that are left open when something fails do not hold up the end. */
export const QUICK = { shutdownSeconds: 0.1, lingerIdleSeconds: 0.1 }

/** A request that makes `/team` grow by so many bytes if it is accepted. */
interface Contender extends Job {
  readonly needs: number
}

/**
 * 64 requests of all kinds from eight processes at once, for room that only some can have. Nothing is ever taken away,
 * so whoever is refused must not fit at the end either.
 * @throws AssertionError that says what was violated
 */
export async function fillingRace(life: Lifetime, filling: Filling): Promise<Watched & { accepted: number }> {
  const folder = temporaryFolder(life)
  const contenders = contendersOf(filling)
  await whileServed(folder, (server) => prepare(server, contenders), { durability: 'none' })
  const spaces = spacesFor(folder, filling, contenders)
  const server = await serverWith(life, { folder, spaces, limits: QUICK })

  const watch = watchLimits(folder)
  const chains = contenders.map((contender) => [contender])
  const held = () => eventually('some is claimed ahead', () => claimsAhead(folder) >= filling.holding)
  const outcomes = (await race(life, server, chains, held)).flat()
  const watched = await watch.end()

  assert.deepEqual(watched.violations, [])
  const wrong = outcomes.filter(({ status, noRoom }) => !noRoom && ![201, 207].includes(status))
  assert.deepEqual(wrong, [])
  requireSettled(folder, stateRows(join(folder, '.plimsoll')))
  const refused = contenders.filter((_, index) => outcomes[index]?.noRoom)
  requireNotFitting(stateRows(join(folder, '.plimsoll')), refused)
  const accepted = outcomes.length - refused.length
  if (filling.sameSize) assert.equal(accepted, FITTING)
  return { ...watched, accepted }
}

/** Uploads that have claimed more than nothing, or have had it taken away again. */
function claimsAhead(folder: string): number {
  return (stateRows(join(folder, '.plimsoll')).claim ?? []).filter(({ bytes }) => bytes !== 0).length
}

type Kind = (typeof KINDS)[number]

const KINDS = ['PUT', 'PUT in chunks', 'COPY', 'MOVE', 'PROPPATCH'] as const

function contendersOf({ random, sameSize, limits, holding }: Filling): readonly Contender[] {
  // What moves within a limit needs no room.
  const kinds = limits.includes(ROOT) ? KINDS.filter((kind) => kind !== 'MOVE') : KINDS
  return Array.from({ length: CONTENDERS }, (_, number) => {
    const needs = sameSize ? SIZE_BYTES : 200 + random.below(2 * SIZE_BYTES)
    if (number < holding) return { needs, ...jobOf('PUT in chunks', number, needs), holds: true }
    return { needs, ...jobOf(random.pick(kinds), number, needs) }
  })
}

function jobOf(kind: Kind, number: number, needs: number): Job {
  switch (kind) {
    case 'PUT':
      return { line: `PUT /team/new-${number}`, bytes: needs }
    case 'PUT in chunks':
      return { line: `PUT /team/new-${number}`, bytes: needs, chunked: true }
    case 'PROPPATCH':
      return {
        line: `PROPPATCH /team/file-${number}`,
        headers: { 'Content-Type': 'application/xml' },
        body: propertyOf(needs - PROPERTY_BYTES),
      }
    default:
      return { line: `${kind} /pool/${number}`, headers: { Destination: `/team/new-${number}` } }
  }
}

/** What a property is charged beyond its text: `urn:z`, `c` and `<z:c xmlns:z="urn:z"></z:c>`. */
const PROPERTY_BYTES = 'urn:zc<z:c xmlns:z="urn:z"></z:c>'.length

/** A PROPPATCH that sets one property to so many letters. */
export function propertyOf(bytes: number): string {
  return `<D:propertyupdate xmlns:D="DAV:" xmlns:z="urn:z">${setting('z:c', 'x'.repeat(bytes))}</D:propertyupdate>`
}

async function prepare(server: Address, contenders: readonly Contender[]): Promise<void> {
  for (const path of ['/team', '/pool']) await ask(server, `MKCOL ${path}`)
  for (const [number, { line, needs }] of contenders.entries()) {
    if (line.startsWith('PROPPATCH')) await ask(server, `PUT /team/file-${number}`, { body: '' })
    if (/^(COPY|MOVE)/.test(line)) await ask(server, `PUT /pool/${number}`, { body: 'x'.repeat(needs) })
  }
}

function spacesFor(
  folder: string,
  filling: Filling,
  contenders: readonly Contender[],
): readonly SpaceSetting[] {
  const { sameSize, slackBytes, limits } = filling
  const wanted = contenders.reduce((sum, { needs }) => sum + needs, 0)
  const room = (sameSize ? FITTING * SIZE_BYTES : Math.floor(wanted / 4)) + slackBytes
  return limits.map((path) => ({
    path,
    kind: 'collection',
    limits: { ...NO_LIMITS, limitBytes: bytesBelow(folder, path) + room },
  }))
}

/** Nothing is promised any more, and the counters are what is there. */
export function requireSettled(folder: string, rows: StateRows): void {
  assert.deepEqual(rows.claim, [])
  for (const { path, used_bytes, reserved_bytes } of spacesIn(rows)) {
    const found = bytesBelow(folder, path) + chargedBelow(rows, path)
    assert.deepEqual([path, used_bytes, reserved_bytes], [path, found, 0])
  }
}

function requireNotFitting(rows: StateRows, refused: readonly Contender[]): void {
  const rests = spacesIn(rows).map(({ limit_bytes: limit, used_bytes: used }) => (limit ?? Infinity) - used)
  const rest = Math.min(...rests)
  const fitting = refused.filter(({ needs }) => needs <= rest)
  assert.deepEqual(
    fitting.map(
      ({ line, needs, chunked }) => `${line}${chunked ? ' in chunks' : ''} needs ${needs} of ${rest}`,
    ),
    [],
    'what was refused would have fitted',
  )
}

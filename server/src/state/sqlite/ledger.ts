import type {
  Charge,
  ClaimRequest,
  Grant,
  GrowRequest,
  Intent,
  Ledger,
  Refusal,
  Removal,
} from '../../core/ledger.ts'
import { type Claim, quotaIn, roomFor, roomForIntent } from '../sql/room.ts'
import { chargedSpaces, heldIn } from './charged.ts'
import type { Database } from './database.ts'
import { folderLedger } from './folders.ts'
import { settle } from './settle.ts'
import { spaceLedger } from './spaces.ts'
import type { Tables } from './tables/index.ts'
import { stagedPath } from './tables/paths.ts'

/** The ledger in SQLite. Every method is one transaction, and so all or nothing. */
export function sqliteLedger(database: Database, tables: Tables): Ledger {
  return {
    ...spaceLedger(database, tables),
    ...folderLedger(database, tables),
    claim: async (request) => {
      const work = () => claim(tables, request)
      return database.passing(() =>
        request.kind === 'move' ? database.transaction(work) : database.growth(work),
      )
    },
    // No transaction: nothing is written, and nobody else has the database open.
    wouldGrant: async (request) => judge(tables, request).answer,
    grow: async (id, request) => database.passing(() => database.growth(() => grow(tables, id, request))),
    journalRemoval: async (_tx, removal) => database.transaction(() => journalRemoval(tables, removal)),
    intend: async (_tx, id, intent) => database.transaction(() => intend(tables, id, intent)),
    settle: async (_tx, id) =>
      database.transaction(() => {
        const held = tables.claims.find(id)
        if (held === null) return
        end(tables, held)
        settle(tables, held)
      }),
    release: async (id) =>
      database.passing(() =>
        database.transaction(() => {
          const held = tables.claims.find(id)
          if (held === null) return
          end(tables, held)
          tables.properties.forgetTree(stagedPath(id))
          tables.folders.removeTree(stagedPath(id))
        }),
      ),
    async renew(id, leaseUntilMs) {
      database.passing(() => database.transaction(() => tables.claims.renew(id, leaseUntilMs)))
    },
    expired: async (nowMs) => tables.claims.expired(nowMs),
    journal: async (id) => tables.claims.find(id),
    claimedOnDisk: async () => tables.claims.onDisk(),
  }
}

function claim(tables: Tables, request: ClaimRequest): Grant | Refusal {
  const { candidate, answer } = judge(tables, request)
  if ('refusedBy' in answer) return answer
  const held = { ...candidate, bytes: answer.grantedBytes }
  tables.claims.insert(held)
  for (const { ids, charge } of holdings(held)) tables.spaces.reserve(ids, charge, 1)
  return answer
}

function judge(tables: Tables, request: ClaimRequest) {
  const { replaces, path, sourcePath = null } = request
  const spaces = chargedSpaces(tables, { path, sourcePath })
  const candidate = {
    ...request,
    bytes: null,
    sourcePath,
    replacesBytes: replaces.bytes,
    replacesEntries: replaces.entries,
    replacesPropertyBytes: replaces.propertyBytes,
    identity: null,
    contentType: null,
    ...heldIn(path, spaces),
  }
  return { candidate, answer: roomFor(candidate, spaces, request, tables.claims.onDisk()) }
}

function grow(tables: Tables, id: string, request: GrowRequest): Grant | Refusal {
  const held = required(tables, id)
  const spaces = chargedSpaces(tables, held).filter((space) => held.spaceIds.includes(space.id))
  const answer = roomFor(held, spaces, request, tables.claims.onDisk())
  // A space that has moved away is not asked any more, so it holds nothing any more either.
  if ('grantedBytes' in answer) {
    change(tables, held, { ...held, bytes: answer.grantedBytes, ...heldIn(held.path, spaces) })
  }
  return answer
}

function journalRemoval(tables: Tables, removal: Removal): void {
  tables.claims.insert({
    ...removal,
    kind: 'remove',
    sourcePath: null,
    bytes: 0,
    entries: 0,
    propertyBytes: 0,
    replacesBytes: removal.bytes,
    replacesEntries: 1,
    replacesPropertyBytes: 0,
    overheadBytes: 0,
    contentType: null,
    ...heldIn(removal.path, []),
  })
}

/** A space may have come or gone around the path since the claim, so it is judged by those that are there now. */
function intend(tables: Tables, id: string, intent: Intent): Refusal | null {
  const held = required(tables, id)
  const spaces = chargedSpaces(tables, held)
  const intended = { ...held, ...amountsOf(tables, held, intent), ...heldIn(held.path, spaces) }
  const refusal = roomForIntent(held, spaces, intended)
  if (refusal === null) change(tables, held, intended)
  return refusal
}

/** Adds what properties come and go: they are known only now, and nothing can change them before the commit. */
function amountsOf(tables: Tables, { id, kind, path, sourcePath }: Claim, intent: Intent) {
  const { properties } = tables
  const isOverwrite = kind === 'put' && intent.replaces.entries > 0
  const arriving = properties.chargedBytes(
    kind === 'move' ? (sourcePath ?? path) : stagedPath(id),
    'infinity',
  )
  const leaving = isOverwrite ? 0 : properties.chargedBytes(path, 'infinity')
  return {
    identity: intent.identity,
    contentType: intent.contentType,
    bytes: intent.bytes + arriving,
    entries: intent.entries,
    propertyBytes: arriving,
    replacesBytes: intent.replaces.bytes + leaving,
    replacesEntries: intent.replaces.entries,
    replacesPropertyBytes: leaving,
  }
}

function required(tables: Tables, id: string): Claim {
  const held = tables.claims.find(id)
  if (held === null) throw new Error(`the claim ${id} has ended already`)
  return held
}

function change(tables: Tables, from: Claim, to: Claim): void {
  tables.claims.update(to)
  const [before, after] = [holdings(from), holdings(to)]
  if (JSON.stringify(before) === JSON.stringify(after)) return
  for (const { ids, charge } of before) tables.spaces.reserve(ids, charge, -1)
  for (const { ids, charge } of after) tables.spaces.reserve(ids, charge, 1)
}

function end(tables: Tables, held: Claim): void {
  tables.claims.remove(held.id)
  for (const { ids, charge } of holdings(held)) tables.spaces.reserve(ids, charge, -1)
}

/** What a claim holds: the same in all spaces around its path, so one statement reserves it, and less in its own. */
function holdings(claim: Claim): readonly { readonly ids: readonly number[]; readonly charge: Charge }[] {
  const isOwn = (id: number): boolean => id === claim.ownSpaceId
  const groups = [claim.spaceIds.filter((id) => !isOwn(id)), claim.spaceIds.filter(isOwn)]
  return groups.flatMap((ids) => (ids[0] === undefined ? [] : [{ ids, charge: quotaIn(ids[0], claim) }]))
}

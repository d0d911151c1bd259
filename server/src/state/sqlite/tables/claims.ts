import type { ClaimJournal } from '../../../core/ledger.ts'
import type { Totals } from '../../../core/resource.ts'
import type { Claim } from '../../sql/room.ts'
import type { Database } from '../database.ts'

const JOURNAL = 'id, kind, path, source_path AS sourcePath, identity'

const COLUMNS = {
  id: 'id',
  kind: 'kind',
  path: 'path',
  sourcePath: 'source_path',
  bytes: 'bytes',
  entries: 'entries',
  propertyBytes: 'property_bytes',
  replacesBytes: 'replaces_bytes',
  replacesEntries: 'replaces_entries',
  replacesPropertyBytes: 'replaces_property_bytes',
  overheadBytes: 'overhead_bytes',
  identity: 'identity',
  contentType: 'content_type',
  leaseUntilMs: 'lease_until_ms',
  ownSpaceId: 'own_space_id',
} as const satisfies Record<Exclude<keyof Claim, 'spaceIds'>, string>

const NAMES = Object.keys(COLUMNS) as readonly (keyof typeof COLUMNS)[]
const CLAIM = [...NAMES.map((name) => `${COLUMNS[name]} AS ${name}`), 'space_ids AS spaceIds'].join(', ')

/** Room that is held, and the journal. */
export function claimTable(database: Database) {
  const rows = (where: string, ...values: (string | number)[]): readonly Claim[] =>
    database
      .prepare(`SELECT ${CLAIM} FROM claim ${where}`)
      .all(...values)
      .map((row) => ({ ...row, spaceIds: JSON.parse(String(row.spaceIds)) }) as unknown as Claim)
  return {
    find: (id: string): Claim | null => rows('WHERE id = ?', id)[0] ?? null,
    /** Those that hold room. */
    holding: (): readonly Claim[] => rows(`WHERE kind <> 'remove'`),
    expired(nowMs: number): readonly ClaimJournal[] {
      const sql = `SELECT ${JOURNAL} FROM claim WHERE lease_until_ms < ?`
      return database.prepare(sql).all(nowMs) as unknown as readonly ClaimJournal[]
    },
    /** What is staged stands beside what it will replace; a move puts nothing there. */
    onDisk(): Totals {
      const sql = `SELECT coalesce(sum(bytes + overhead_bytes), 0) AS bytes, coalesce(sum(entries), 0) AS entries
        FROM claim WHERE kind NOT IN ('remove', 'move')`
      const row = database.prepare(sql).get()
      return { bytes: Number(row?.bytes), entries: Number(row?.entries) }
    },
    insert(claim: Claim): void {
      const columns = NAMES.map((name) => COLUMNS[name]).join(', ')
      const marks = NAMES.map(() => '?').join(', ')
      const sql = `INSERT INTO claim (${columns}, space_ids) VALUES (${marks}, ?)`
      database.prepare(sql).run(...NAMES.map((name) => claim[name]), JSON.stringify(claim.spaceIds))
    },
    update(claim: Claim): void {
      const changes = NAMES.map((name) => `${COLUMNS[name]} = ?`).join(', ')
      const sql = `UPDATE claim SET ${changes}, space_ids = ? WHERE id = ?`
      database.prepare(sql).run(...NAMES.map((name) => claim[name]), JSON.stringify(claim.spaceIds), claim.id)
    },
    renew(id: string, leaseUntilMs: number): void {
      database.prepare('UPDATE claim SET lease_until_ms = ? WHERE id = ?').run(leaseUntilMs, id)
    },
    remove(id: string): void {
      database.prepare('DELETE FROM claim WHERE id = ?').run(id)
    },
  }
}

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { contains, type ResourcePath } from '../../src/core/path.ts'
import { type StateRows, stateRows } from '../support/state-rows.ts'

export interface Watched {
  readonly looks: number
  /** A sentence for every moment at which more was used or promised than a limit allows. */
  readonly violations: readonly string[]
}

/** Looks at the ledger and at the folder over and over, between the transactions of a server in this process. */
export function watchLimits(folder: string): { end(): Promise<Watched> } {
  const violations: string[] = []
  let looks = 0
  let running = true
  const looking = (async () => {
    while (running) {
      violations.push(...passedLimits(folder))
      looks += 1
      await wait(4)
    }
  })()
  return {
    async end() {
      running = false
      await looking
      violations.push(...passedLimits(folder))
      return { looks: looks + 1, violations }
    },
  }
}

interface SpaceRow {
  readonly path: ResourcePath
  readonly limit_bytes: number | null
  readonly used_bytes: number
  readonly reserved_bytes: number
}

function passedLimits(folder: string): string[] {
  const rows = stateRows(join(folder, '.plimsoll'))
  return spacesIn(rows).flatMap(
    ({ path, limit_bytes: limit, used_bytes: used, reserved_bytes: reserved }) => {
      if (limit === null) return []
      const found = bytesBelow(folder, path) + chargedBelow(rows, path)
      const wrong = used + reserved > limit || found > limit
      return wrong ? [`${path}: ${used} used, ${reserved} reserved, ${found} found, limit ${limit}`] : []
    },
  )
}

export function spacesIn(rows: StateRows): readonly SpaceRow[] {
  return (rows.space ?? []) as unknown as readonly SpaceRow[]
}

/** What the properties of everything below a collection are charged. */
export function chargedBelow(
  { property_holder: holders = [], property = [] }: StateRows,
  path: ResourcePath,
): number {
  const inside = new Set(
    holders.filter((row) => contains(path, row.path as ResourcePath)).map(({ id }) => id),
  )
  return property
    .filter(({ holder }) => inside.has(holder))
    .reduce((sum, row) => sum + Number(row.charged_bytes), 0)
}

/** The bytes of all files below a collection, counted without the server. */
export function bytesBelow(folder: string, path: string): number {
  let sum = 0
  const top = join(folder, path)
  for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
    const at = join(entry.parentPath, entry.name)
    if (!entry.isFile() || at.startsWith(join(folder, '.plimsoll'))) continue
    sum += statSync(at, { throwIfNoEntry: false })?.size ?? 0
  }
  return sum
}

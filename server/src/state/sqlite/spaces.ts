import { type Ledger, NO_LIMITS, type Space, type SpaceSetting } from '../../core/ledger.ts'
import { contains, ROOT } from '../../core/path.ts'
import { quotaIn, type SpaceRow } from '../sql/room.ts'
import { chargedSpaces } from './charged.ts'
import type { Database } from './database.ts'
import { recountSpace } from './settle.ts'
import type { Tables } from './tables/index.ts'

type SpaceLedger = Pick<
  Ledger,
  | 'enclosing'
  | 'entered'
  | 'spaces'
  | 'configuredBelow'
  | 'setSpace'
  | 'removeSpace'
  | 'configureSpaces'
  | 'recountSpaces'
>

/** The quota roots. */
export function spaceLedger(database: Database, tables: Tables): SpaceLedger {
  return {
    enclosing: async (path) => tables.spaces.enclosing(path),
    entered: async (path, sourcePath) => chargedSpaces(tables, { path, sourcePath }),
    spaces: async () => tables.spaces.all(),
    configuredBelow: async (path) => tables.spaces.below(path).filter(({ isConfigured }) => isConfigured),
    setSpace: async (setting) => database.transaction(() => set(tables, setting, { isConfigured: false })),
    removeSpace: async (path) =>
      database.transaction(() => {
        const space = tables.spaces.find(path)
        if (space !== null) remove(tables, space)
        return space !== null
      }),
    configureSpaces: async (settings) =>
      database.transaction(() => {
        const wanted = new Set(settings.map(({ path }) => path))
        for (const space of tables.spaces.all()) {
          if (space.isConfigured && !wanted.has(space.path)) remove(tables, space)
        }
        for (const setting of settings) set(tables, setting, { isConfigured: true })
      }),
    recountSpaces: async () =>
      database.transaction(() => {
        for (const space of tables.spaces.all()) recountSpace(tables, space)
      }),
  }
}

function set(
  tables: Tables,
  setting: SpaceSetting,
  { isConfigured }: { readonly isConfigured: boolean },
): Space {
  const before = tables.spaces.find(setting.path)
  // Not written when nothing changes: a restart on a full disk must not need room.
  if (before !== null && isSame(before, setting, isConfigured)) return before
  const space = tables.spaces.put(setting, isConfigured)
  if (before === null) takeOver(tables, space)
  return tables.spaces.find(setting.path) ?? space
}

function isSame(space: SpaceRow, { kind, limits }: SpaceSetting, isConfigured: boolean): boolean {
  const names = Object.keys(NO_LIMITS) as readonly (keyof typeof NO_LIMITS)[]
  return (
    space.isConfigured === isConfigured &&
    space.kind === kind &&
    names.every((name) => space[name] === limits[name])
  )
}

/** What lies in a new space and what is being written there is charged to it from now on. */
function takeOver(tables: Tables, space: SpaceRow): void {
  recountSpace(tables, space)
  for (const claim of tables.claims.holding()) {
    if (!contains(space.path, claim.path)) continue
    if (!chargedSpaces(tables, claim).some(({ id }) => id === space.id)) continue
    const ownSpaceId = space.path === claim.path ? space.id : claim.ownSpaceId
    const held = { ...claim, spaceIds: [space.id, ...claim.spaceIds], ownSpaceId }
    tables.claims.update(held)
    tables.spaces.reserve([space.id], quotaIn(space.id, held), 1)
  }
}

function remove(tables: Tables, space: SpaceRow): void {
  if (space.path === ROOT) tables.spaces.put({ ...space, limits: NO_LIMITS }, false)
  else tables.spaces.remove(space.path)
}

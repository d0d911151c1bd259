import { parentOf, type ResourcePath } from '../../core/path.ts'
import type { Claim, SpaceRow } from '../sql/room.ts'
import type { Tables } from './tables/index.ts'

/** The spaces in which a claim needs room: of a move only those it enters. */
export function chargedSpaces(
  tables: Tables,
  { path, sourcePath }: Pick<Claim, 'path' | 'sourcePath'>,
): readonly SpaceRow[] {
  const here = tables.spaces.enclosing(path)
  if (sourcePath === null) return here
  const there = new Set(idsOf(tables.spaces.enclosing(parentOf(sourcePath))))
  return here.filter(({ id }) => !there.has(id))
}

/** Where a claim holds its room, once it is charged to these spaces. */
export function heldIn(
  path: ResourcePath,
  spaces: readonly SpaceRow[],
): Pick<Claim, 'spaceIds' | 'ownSpaceId'> {
  return { spaceIds: idsOf(spaces), ownSpaceId: spaces.find((space) => space.path === path)?.id ?? null }
}

export function idsOf(spaces: readonly SpaceRow[]): readonly number[] {
  return spaces.map(({ id }) => id)
}

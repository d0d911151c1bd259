import { parentOf, type ResourcePath } from '../../core/path.ts'
import type { Claim, SpaceRow } from '../sql/room.ts'
import type { Tables } from './tables/index.ts'

/**
 * The spaces in which a claim needs room: of a move only those it enters. That does not include one which ends because
 * the folder brings its own.
 */
export function chargedSpaces(
  tables: Tables,
  { path, sourcePath }: Pick<Claim, 'path' | 'sourcePath'>,
): readonly SpaceRow[] {
  const here = tables.spaces.enclosing(path)
  if (sourcePath === null) return here
  const there = new Set(idsOf(tables.spaces.enclosing(parentOf(sourcePath))))
  const bringsOwn = tables.spaces.find(sourcePath)?.isConfigured === false
  const ends = (space: SpaceRow): boolean => bringsOwn && space.path === path && !space.isConfigured
  return here.filter((space) => !there.has(space.id) && !ends(space))
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

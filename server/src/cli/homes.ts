import type { Loaded } from '../config/load.ts'
import { NO_LIMITS, type SpaceSetting } from '../core/ledger.ts'
import { isMemberName, memberPath, type ResourcePath, ROOT } from '../core/path.ts'
import { StartError } from '../core/start-error.ts'

/**
 * All collections that the settings give limits, a home for each user among them.
 * @param users null where everybody may do everything, and nobody has a name
 * @throws StartError if settings contradict each other or say nothing, or a user has a name that no folder can have
 */
export function spacesOf(loaded: Loaded, users: readonly string[] | null): readonly SpaceSetting[] {
  const { space } = loaded.settings
  requireOneLimit(loaded)
  const homes = homesOf(loaded, users)
  const isHome = (path: ResourcePath): boolean => homes.some((other) => other.path === path)
  const isOwn = (path: ResourcePath): boolean => space.some((other) => other.path === path)
  // Limits of its own for one user take the place of those for all.
  return [
    ...space.map((setting) => (isHome(setting.path) ? { ...setting, kind: 'user' as const } : setting)),
    ...homes.filter(({ path }) => !isOwn(path)),
  ]
}

function requireOneLimit({ settings, sources }: Loaded): void {
  const root = settings.space.find(({ path }) => path === ROOT)
  if (settings.limit === null || root === undefined || root.limits.limitBytes === null) return
  throw new StartError(
    `the root is given two limits, by ${sources.limit} and by ${sources.space}`,
    'They mean the same: leave one of them out.',
  )
}

function homesOf({ settings, sources }: Loaded, users: readonly string[] | null): readonly SpaceSetting[] {
  const { home, homeLimit } = settings
  if (home === null) {
    if (homeLimit === null) return []
    throw new StartError(
      `${sources.homeLimit} limits the folders of users, and they are to have none`,
      'Say with --home where they are, or leave it out.',
    )
  }
  if (users === null) {
    throw new StartError(
      `${sources.home} is for the folders of users, and there are none`,
      'Name them with --user or PLIMSOLL_USER, or leave it out.',
    )
  }
  const limits = { ...NO_LIMITS, limitBytes: homeLimit }
  return users.map((name) => ({ path: memberPath(home, requireName(name)), kind: 'user', limits }))
}

function requireName(name: string): string {
  if (isMemberName(name)) return name
  throw new StartError(
    `--home: no folder can be called ${JSON.stringify(name)}`,
    'Give the user another name.',
  )
}

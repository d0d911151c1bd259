import type { Deps } from './deps.ts'
import type { LevelWatch } from './level-watch.ts'
import { keepLeases } from './recover.ts'

/**
 * What a server does beside its requests, at its start and every half minute: takes its ballast back, renews leases,
 * recovers what was abandoned, looks at the levels. Never fails: what could not be done is logged and tried again.
 * @param atSeconds on a clock that only goes forward
 */
export async function maintain(deps: Deps, watch: LevelWatch, atSeconds: number): Promise<void> {
  deps.state.maintain()
  await keepLeases(deps).catch((error) => deps.log.error('claims could not be looked after', { error }))
  await watch.look(atSeconds).catch((error) => deps.log.error('the levels could not be looked at', { error }))
}

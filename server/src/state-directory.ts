import { realpathSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { isReserved } from './core/path.ts'
import { StartError } from './core/start-error.ts'

/**
 * Clients must not be able to read or change the state. Both directories exist.
 * @throws StartError if the state lies where the folder is served
 */
export function requireHidden(stateDirectory: string, folder: string): void {
  const inside = relative(realpathSync(folder), realpathSync(stateDirectory)).split(sep)
  const isServed = inside[0] !== '..' && !inside.some(isReserved)
  if (!isServed) return
  throw new StartError(
    `the state directory ${stateDirectory} lies inside the served folder, where clients could read and delete it`,
    'Choose a directory outside the folder with --state DIR, or leave --state out.',
  )
}

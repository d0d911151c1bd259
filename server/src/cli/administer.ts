import { join } from 'node:path'
import { type AdminLine, type AdminRequest, answer } from '../admin/answer.ts'
import { askServer } from '../admin/socket.ts'
import type { Loaded } from '../config/load.ts'
import type { Audited } from '../core/audit.ts'
import { silentLog } from '../core/log.ts'
import { RESERVED_NAME } from '../core/path.ts'
import { StartError } from '../core/start-error.ts'
import { withStoppedServer } from '../open.ts'

/**
 * Has the running server do something; without one it is done here, by the same code.
 * @returns the value of the answer
 * @throws StartError with what was wrong and what to do
 */
export async function administer(
  { settings }: Loaded,
  request: AdminRequest,
  onStep: (step: Audited) => void = () => {},
): Promise<unknown> {
  const { folder, state, keepFree, maxFileSize, durability } = settings
  const lines = await askServer(state ?? join(folder, RESERVED_NAME), request)
  if (lines !== null) return await valueIn(lines, onStep)
  const options = {
    folder,
    stateDirectory: state,
    keepFreeBytes: keepFree,
    maxFileBytes: maxFileSize,
    durability,
    log: silentLog,
  }
  return await withStoppedServer(options, (deps) =>
    valueIn(answer({ ...deps, forecastOf: async () => null }, request), onStep),
  )
}

async function valueIn(lines: AsyncIterable<AdminLine>, onStep: (step: Audited) => void): Promise<unknown> {
  for await (const line of lines) {
    if ('step' in line) onStep(line.step)
    else if ('value' in line) return line.value
    else throw new StartError(line.problem, line.hint)
  }
  throw new StartError(
    'the server broke off',
    'It may have been stopped meanwhile: look at its log, and try again.',
  )
}

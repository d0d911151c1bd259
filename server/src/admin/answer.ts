import { type Audited, audit, correct } from '../core/audit.ts'
import type { Deps } from '../core/deps.ts'
import { DavError } from '../core/errors.ts'
import type { SpaceLimits } from '../core/ledger.ts'
import type { ResourcePath } from '../core/path.ts'
import { changeLimits, listSpaces, removeSpace, showSpace, type Watching } from '../core/spaces.ts'
import { StartError } from '../core/start-error.ts'
import { breakLock, listLocks } from './locks.ts'

/** What a command asks: `PUT /spaces/%2Fteam` with the limits as its body. */
export interface AdminRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
}

/** An answer is any number of steps and then a value, or a sentence that says why there is none. */
export type AdminLine =
  | { readonly step: Audited }
  | { readonly value: unknown }
  | { readonly problem: string; readonly hint: string }

export interface AdminDeps extends Deps, Watching {}

/** The one way in for the commands of the same machine, whether a server runs or not. Never throws. */
export async function* answer(deps: AdminDeps, request: AdminRequest): AsyncGenerator<AdminLine> {
  try {
    yield* answerOf(deps, request)
  } catch (error) {
    const known = error instanceof StartError || error instanceof DavError
    if (!known) deps.log.error('a command failed', { command: `${request.method} ${request.path}`, error })
    const problem = error instanceof Error ? error.message : String(error)
    yield { problem, hint: error instanceof StartError ? error.hint : '' }
  }
}

async function* answerOf(deps: AdminDeps, { method, path, body }: AdminRequest): AsyncGenerator<AdminLine> {
  const [, collection = '', name] = path.split('/').map(decodeURIComponent)
  const at = name as ResourcePath
  const route = `${method} ${collection}${name === undefined ? '' : '/'}`
  switch (route) {
    case 'GET locks':
      return yield { value: await listLocks(deps) }
    case 'DELETE locks/':
      return yield { value: await breakLock(deps, at) }
    case 'GET spaces':
      return yield { value: await listSpaces(deps, deps) }
    case 'GET spaces/':
      return yield { value: await showSpace(deps, deps, at) }
    case 'PUT spaces/':
      await changeLimits(deps, at, body as Partial<SpaceLimits>)
      return yield { value: await showSpace(deps, deps, at) }
    case 'DELETE spaces/':
      await removeSpace(deps, at)
      return yield { value: true }
    case 'POST check/':
      await requireFolder(deps, at)
      return yield* walked(audit(deps, at))
    case 'POST recount/':
      await requireFolder(deps, at)
      return yield* walked(logged(deps, correct(deps, at)))
    default:
      throw new StartError(`the server does not know ${method} ${path}`, 'It may be of another version.')
  }
}

/** A folder that is only recorded is one too: it is found to be gone. */
async function requireFolder(deps: Deps, path: ResourcePath): Promise<void> {
  if ((await deps.store.stat(path))?.kind === 'collection') return
  if ((await deps.state.ledger.record(path)) !== null) return
  throw new StartError(
    `there is no folder ${path}`,
    'Name one that clients see, such as /team, or leave --path out.',
  )
}

const STEP_FOLDERS = 100

async function* walked(walk: AsyncGenerator<Audited>): AsyncGenerator<AdminLine> {
  let last: Audited | null = null
  for await (const step of walk) {
    last = step
    if (step.drift !== null || step.orphans.length > 0 || step.folders % STEP_FOLDERS === 0) yield { step }
  }
  yield { value: last }
}

/** Who looks for a number that has jumped finds it in the log. */
async function* logged({ log }: Deps, walk: AsyncGenerator<Audited>): AsyncGenerator<Audited> {
  for await (const step of walk) {
    if (step.orphans.length > 0) {
      log.info('a recount has forgotten properties and locks of what is gone', { paths: step.orphans })
    }
    if (step.drift !== null) {
      const { path, recorded, counted } = step.drift
      log.info('a recount has corrected a folder', { path, recorded, counted })
    }
    yield step
  }
}

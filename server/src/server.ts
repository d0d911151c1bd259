import { resolve } from 'node:path'
import { openAdminSocket } from './admin/socket.ts'
import { levelEvent } from './alerts/level-event.ts'
import { openWebhook, type WebhookOptions } from './alerts/webhook.ts'
import type { Deps } from './core/deps.ts'
import { figures } from './core/figures.ts'
import type { Forecast } from './core/filling.ts'
import { makeHomes } from './core/homes.ts'
import { NO_LIMITS, type SpaceSetting } from './core/ledger.ts'
import { type LevelWatch, levelWatch } from './core/level-watch.ts'
import { binding, type Level, standings } from './core/levels.ts'

import { maintenance } from './core/maintenance.ts'
import { type ResourcePath, ROOT } from './core/path.ts'

import type { Authenticate } from './core/principal.ts'
import { recountAtStart } from './core/reconcile.ts'
import { recoverAll } from './core/recover.ts'
import { CORE_METHODS } from './dav/core-methods.ts'
import { protocolOf } from './dav/extension.ts'
import { handler } from './dav/handle.ts'
import { quota } from './extensions/quota/index.ts'
import { type Front, type FrontOptions, frontOf } from './front.ts'
import { type Edge, nodeEdge } from './http/node.ts'
import { type ListenOptions, listen } from './listen.ts'

import { depsOf, type Opened, type OpenOptions, openAll } from './open.ts'
import { followOthers } from './others.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { asStartError } from './start-failure.ts'
import { watchFolder } from './storage/folder/watch.ts'

export interface ServerOptions extends OpenOptions, FrontOptions, ListenOptions {
  /** Where the tree is mounted: '' or for example '/dav'. */
  readonly basePath: string
  /** What all files together may have; null for no limit but the disk's. */
  readonly limitBytes: number | null
  /** Collections with limits of their own, besides those made by `plimsoll space`. */
  readonly spaces?: readonly SpaceSetting[]
  readonly authenticate: Authenticate
  /** Who is told of changes of levels; nobody where absent. */
  readonly webhook?: WebhookOptions | null
  /** 'auto': the counters follow what other programs change in the folder. Absent like 'off': only at a start. */
  readonly watch?: 'auto' | 'off'
  readonly onCounting?: (progress: CountingProgress) => void
}

export interface CountingProgress {
  readonly files: number
  readonly bytes: number
  readonly done: boolean
}

export interface Summary {
  readonly folder: string
  readonly limitBytes: number | null
  readonly usedBytes: number
  /** What a new file may have now. */
  readonly availableBytes: number
  readonly diskFreeBytes: number
  readonly keepFreeBytes: number
  /** Of the space or the disk that stops an upload first. */
  readonly level: Level
}

export interface RunningServer {
  /** Where it listens, with the real port: `http://127.0.0.1:8507/`. */
  readonly url: string
  summary(): Promise<Summary>
  /** Finishes or undoes what runs, within `shutdownSeconds`, and lets go of folder and state. Once is enough. */
  close(): Promise<void>
}

/**
 * Opens the folder, recovers what a crash left, counts, and listens.
 * @throws StartError with what was wrong and what to do
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const folder = resolve(options.folder)
  const front = frontOf(options)
  const webhook = options.webhook ? openWebhook(options.webhook, options.log) : null
  const opened = openAll(options)
  try {
    const deps = depsOf(options, opened)
    await prepare(deps, options)
    const watch = levelWatch(deps, (change) => webhook?.send(levelEvent(change)))
    const forecastOf = (path: ResourcePath) => forecast(deps, watch, path)
    const admin = await openAdminSocket({ ...deps, forecastOf }, opened.stateDirectory)
    opened.closers.push(() => admin.close())
    opened.closers.push(() => webhook?.close())
    if (options.watch === 'auto') {
      const others = followOthers(deps, watchFolder(folder))
      opened.closers.push(() => others.stop())
    }
    const edge = edgeOf(deps, options, { front, watch })
    const address = await listen(edge.server, options)
    return running({ address, deps, watch, edge, opened, options, folder })
  } catch (error) {
    await opened.close()
    throw asStartError(error, { where: folder, address: `${options.host}:${options.port}` })
  }
}

async function end({
  edge,
  opened,
  rounds,
}: Pick<Parts, 'edge' | 'opened'> & { rounds: Rounds }): Promise<void> {
  await edge.close()
  await rounds.stop()
  await opened.close()
}

async function prepare(deps: Deps, options: ServerOptions): Promise<void> {
  const recovered = await recoverAll(deps)
  if (recovered.claims + recovered.strays > 0) deps.log.info('recovered from a crash', recovered)
  let last = { bytes: 0, entries: 0 }
  for await (const sum of recountAtStart(deps)) {
    last = sum
    options.onCounting?.({ files: sum.entries, bytes: sum.bytes, done: false })
  }
  options.onCounting?.({ files: last.entries, bytes: last.bytes, done: true })
  const spaces = configuredSpaces(options)
  await deps.state.ledger.configureSpaces(spaces)
  await makeHomes(deps, spaces)
}

/** The limit of the whole folder is that of a space like any other. */
function configuredSpaces({ limitBytes, spaces = [] }: ServerOptions): readonly SpaceSetting[] {
  const root = spaces.find(({ path }) => path === ROOT)
  if (limitBytes === null) return spaces
  const limits = { ...NO_LIMITS, ...root?.limits, limitBytes: root?.limits.limitBytes ?? limitBytes }
  return [{ path: ROOT, kind: 'collection', limits }, ...spaces.filter(({ path }) => path !== ROOT)]
}

async function forecast(deps: Deps, watch: LevelWatch, path: ResourcePath): Promise<Forecast | null> {
  const all = await standings(deps, path)
  const standing = all.find((each) => each.path === path)
  return standing === undefined ? null : watch.forecast(standing, all)
}

function edgeOf(
  deps: Deps,
  { authenticate, basePath, folder, log }: ServerOptions,
  { front, watch }: { readonly front: Front; readonly watch: LevelWatch },
): Edge {
  const protocol = protocolOf(CORE_METHODS, [quota])
  const { errorPages } = front
  const handle = handler({ deps, protocol, authenticate, basePath, errorPages, watchLevels: watch.see })
  const { trusts } = front
  return nodeEdge({ handle: front.handingOver(handle, folder), limits: deps.limits, log, trusts })
}

interface Parts {
  /** `http://127.0.0.1:8507` */
  readonly address: string
  readonly deps: Deps
  readonly watch: LevelWatch
  readonly edge: Edge
  readonly opened: Opened
  readonly options: ServerOptions
  readonly folder: string
}

function running({ address, deps, watch, edge, opened, options, folder }: Parts): RunningServer {
  const rounds = startRounds(maintenance(deps, watch))
  let closing: Promise<void> | null = null
  return {
    url: `${address}${options.basePath}/`,
    async summary() {
      const { usedBytes, availableBytes, limitBytes } = await figures(deps, ROOT)
      const diskFreeBytes = deps.store.freeSpace().freeBytes
      const { keepFreeBytes } = deps.limits
      const { level } = binding(await standings(deps, ROOT))
      return { folder, limitBytes, usedBytes, availableBytes, diskFreeBytes, keepFreeBytes, level }
    },
    close() {
      closing ??= end({ edge, opened, rounds })
      return closing
    },
  }
}

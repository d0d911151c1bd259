import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { openAdminSocket } from './admin/socket.ts'
import { levelEvent } from './alerts/level-event.ts'
import { openWebhook, type WebhookOptions } from './alerts/webhook.ts'
import type { Deps } from './core/deps.ts'
import { figures } from './core/figures.ts'
import { NO_LIMITS, type SpaceSetting } from './core/ledger.ts'
import { type LevelWatch, levelWatch } from './core/level-watch.ts'
import { binding, type Level, standings } from './core/levels.ts'
import { DEFAULT_LIMITS, defaultKeepFreeBytes, type Limits } from './core/limits.ts'
import type { Log } from './core/log.ts'
import { maintenance } from './core/maintenance.ts'
import { RESERVED_NAME, ROOT } from './core/path.ts'
import type { Authenticate } from './core/principal.ts'
import { recountAtStart } from './core/reconcile.ts'
import { recoverAll } from './core/recover.ts'
import { StartError } from './core/start-error.ts'
import type { StateStore } from './core/state.ts'
import type { ResourceStore } from './core/store.ts'
import { CORE_METHODS } from './dav/core-methods.ts'
import { protocolOf } from './dav/extension.ts'
import { handler } from './dav/handle.ts'
import { quota } from './extensions/quota/index.ts'
import { type Front, type FrontOptions, frontOf } from './front.ts'
import { type Edge, nodeEdge } from './http/node.ts'
import { stateIsLost, tellOfLostState } from './lost-state.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { asStartError } from './start-failure.ts'
import { sqliteState } from './state/sqlite/index.ts'
import { lockDirectory } from './state/sqlite/instance-lock.ts'
import { requireHidden } from './state-directory.ts'
import { folderStore } from './storage/folder/index.ts'
import type { Durability } from './storage/folder/volume.ts'

export interface ServerOptions extends FrontOptions {
  /** The folder that is served; created if missing. */
  readonly folder: string
  /** Where the database lies; null for `.plimsoll` in the folder. */
  readonly stateDirectory: string | null
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** Where the tree is mounted: '' or for example '/dav'. */
  readonly basePath: string
  /** What all files together may have; null for no limit but the disk's. */
  readonly limitBytes: number | null
  /** Collections with limits of their own, besides those made by `plimsoll space`. */
  readonly spaces?: readonly SpaceSetting[]
  /** Kept free on the volume; null for `defaultKeepFreeBytes`. */
  readonly keepFreeBytes: number | null
  /** The largest single file; null for none. */
  readonly maxFileBytes: number | null
  readonly durability: Durability
  readonly authenticate: Authenticate
  /** Who is told of changes of levels; nobody where absent. */
  readonly webhook?: WebhookOptions | null
  readonly log: Log
  /** Other bounds than the default ones. */
  readonly limits?: Partial<Limits>
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
  const opened = openAll(options, folder)
  try {
    const deps = depsOf(options, opened)
    await prepare(deps, options)
    const admin = await openAdminSocket(deps, opened.stateDirectory)
    opened.closers.push(() => admin.close())
    opened.closers.push(() => webhook?.close())
    const watch = levelWatch(deps, (change) => webhook?.send(levelEvent(change)))
    const edge = edgeOf(deps, options, { front, watch })
    await listen(edge, options)
    return running({ deps, watch, edge, opened, options, folder })
  } catch (error) {
    await opened.close()
    throw asStartError(error, { where: folder, address: `${options.host}:${options.port}` })
  }
}

interface Opened {
  readonly store: ResourceStore
  readonly state: StateStore
  readonly stateDirectory: string
  /** What to let go of at the end, in reverse order. */
  readonly closers: (() => void | Promise<void>)[]
  close(): Promise<void>
}

function openAll(options: ServerOptions, folder: string): Opened {
  const own = join(folder, RESERVED_NAME)
  const stateDirectory = options.stateDirectory === null ? own : resolve(options.stateDirectory)
  const closers: Opened['closers'] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer()
  }
  try {
    for (const directory of new Set([own, stateDirectory])) {
      mkdirSync(dirname(directory), { recursive: true })
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      requireHidden(directory, folder)
      const lock = lockDirectory(directory)
      if (lock === null) throw inUse(directory === own ? folder : stateDirectory)
      closers.push(() => lock.release())
    }
    const isLost = stateIsLost({ own, stateDirectory })
    const store = folderStore({ folder, durability: options.durability, nowMs: Date.now })
    closers.push(() => store.close())
    const sharesContentVolume = statSync(folder).dev === statSync(stateDirectory).dev
    const isDurable = options.durability === 'full'
    const state = sqliteState({ directory: stateDirectory, sharesContentVolume, isDurable })
    closers.push(() => state.close())
    if (isLost) tellOfLostState(options.log, { own, stateDirectory })
    return { store, state, stateDirectory, closers, close }
  } catch (error) {
    void close()
    const where = stateDirectory === own ? folder : `${folder} or ${stateDirectory}`
    throw asStartError(error, { where, address: '' })
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

/**
 * Runs `work` on the state of a server that is not running.
 * @throws StartError if there is no state, or a server owns it after all
 */
export async function openStoppedState<T>(
  directory: string,
  work: (state: StateStore) => Promise<T>,
): Promise<T> {
  if (!existsSync(join(directory, 'state.db'))) {
    throw new StartError(
      `there is no state in ${directory}`,
      'Name the folder that is served, or its --state DIR.',
    )
  }
  const lock = lockDirectory(directory)
  if (lock === null) throw inUse(directory)
  try {
    const state = sqliteState({ directory, sharesContentVolume: true, isDurable: true })
    return await work(state).finally(() => state.close())
  } finally {
    lock.release()
  }
}

function inUse(directory: string): StartError {
  return new StartError(
    `another Plimsoll server is using ${directory}`,
    'One server owns a folder and its state. Stop the other one, or serve another folder.',
  )
}

function depsOf(options: ServerOptions, { store, state }: Opened): Deps {
  const volume = store.freeSpace()
  const stateVolume = state.freeSpace()
  const diskUnitBytes = defaultKeepFreeBytes(volume.totalBytes)
  const keepFreeBytes = options.keepFreeBytes ?? diskUnitBytes
  return {
    store,
    state,
    log: options.log,
    running: new Map(),
    unreleased: new Set(),
    nowMs: Date.now,
    newId: randomUUID,
    limits: {
      ...DEFAULT_LIMITS,
      maxFileBytes: options.maxFileBytes,
      keepFreeBytes,
      // A quarter of the reserve, but nothing where there is to be none.
      smallOnlyBytes: Math.floor(Math.min(keepFreeBytes, diskUnitBytes) / 4),
      keepFreeEntries: Math.min(64, Math.floor((volume.totalEntries ?? 0) / 100)),
      diskUnitBytes,
      keepFreeStateBytes: stateVolume === null ? 0 : defaultKeepFreeBytes(stateVolume.totalBytes),
      ...options.limits,
    },
  }
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
  await deps.state.ledger.configureSpaces(configuredSpaces(options))
}

/** The limit of the whole folder is that of a space like any other. */
function configuredSpaces({ limitBytes, spaces = [] }: ServerOptions): readonly SpaceSetting[] {
  if (limitBytes === null) return spaces
  return [{ path: ROOT, kind: 'collection', limits: { ...NO_LIMITS, limitBytes } }, ...spaces]
}

function edgeOf(
  deps: Deps,
  { authenticate, basePath, log }: ServerOptions,
  { front, watch }: { readonly front: Front; readonly watch: LevelWatch },
): Edge {
  const protocol = protocolOf(CORE_METHODS, [quota])
  const { errorPages } = front
  const handle = handler({ deps, protocol, authenticate, basePath, errorPages, watchLevels: watch.see })
  return nodeEdge({ handle, limits: deps.limits, log, trusts: front.trusts })
}

async function listen({ server }: Edge, { host, port }: ServerOptions): Promise<void> {
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, listening)
  await promise
  server.off('error', reject)
}

interface Parts {
  readonly deps: Deps
  readonly watch: LevelWatch
  readonly edge: Edge
  readonly opened: Opened
  readonly options: ServerOptions
  readonly folder: string
}

function running({ deps, watch, edge, opened, options, folder }: Parts): RunningServer {
  const rounds = startRounds(maintenance(deps, watch))
  let closing: Promise<void> | null = null
  const { address, port, family } = edge.server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  return {
    url: `http://${host}:${port}${options.basePath}/`,
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

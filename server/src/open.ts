import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Deps } from './core/deps.ts'
import { DEFAULT_LIMITS, defaultKeepFreeBytes, type Limits } from './core/limits.ts'
import type { Log } from './core/log.ts'
import { RESERVED_NAME } from './core/path.ts'
import { StartError } from './core/start-error.ts'
import type { StateStore } from './core/state.ts'
import type { ResourceStore } from './core/store.ts'
import { stateBefore, tellOfState } from './lost-state.ts'
import { asStartError } from './start-failure.ts'
import { sqliteState } from './state/sqlite/index.ts'
import { lockDirectory } from './state/sqlite/instance-lock.ts'
import { requireHidden } from './state-directory.ts'
import { folderStore } from './storage/folder/index.ts'
import type { Durability } from './storage/folder/volume.ts'

/** What of a server's options its folder and its state depend on. */
export interface OpenOptions {
  /** The folder that is served; created if missing. */
  readonly folder: string
  /** Where the database lies; null for `.plimsoll` in the folder. */
  readonly stateDirectory: string | null
  /** Kept free on the volume; null for `defaultKeepFreeBytes`. */
  readonly keepFreeBytes: number | null
  /** The largest single file; null for none. */
  readonly maxFileBytes: number | null
  readonly durability: Durability
  readonly log: Log
  /** Milliseconds since 1970; the clock of the machine where absent. */
  readonly nowMs?: () => number
  /** Other bounds than the default ones. */
  readonly limits?: Partial<Limits>
}

/** A folder and its state, which nobody else has open. */
export interface Opened {
  readonly store: ResourceStore
  readonly state: StateStore
  readonly stateDirectory: string
  /** What to let go of at the end, in reverse order. */
  readonly closers: (() => void | Promise<void>)[]
  close(): Promise<void>
}

/** @throws StartError with what was wrong and what to do */
export function openAll(options: OpenOptions): Opened {
  const folder = resolve(options.folder)
  const nowMs = options.nowMs ?? Date.now
  const own = join(folder, RESERVED_NAME)
  const stateDirectory = options.stateDirectory === null ? own : resolve(options.stateDirectory)
  const places = { folder, own, stateDirectory }
  const closers: Opened['closers'] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer()
  }
  try {
    const before = stateBefore(places)
    for (const directory of new Set([own, stateDirectory])) {
      mkdirSync(dirname(directory), { recursive: true })
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      requireHidden(directory, folder)
      const lock = lockDirectory(directory)
      if (lock === null) throw inUse(directory === own ? folder : stateDirectory)
      closers.push(() => lock.release())
    }
    const store = folderStore({ folder, durability: options.durability, nowMs })
    closers.push(() => store.close())
    const sharesContentVolume = statSync(folder).dev === statSync(stateDirectory).dev
    const isDurable = options.durability === 'full'
    const state = sqliteState({ directory: stateDirectory, sharesContentVolume, isDurable, nowMs })
    closers.push(() => state.close())
    tellOfState(options.log, before, places)
    return { store, state, stateDirectory, closers, close }
  } catch (error) {
    void close()
    const where = stateDirectory === own ? folder : `${folder} or ${stateDirectory}`
    throw asStartError(error, { where, address: '' })
  }
}

/**
 * Runs `work` on the folder and the state of a server that is not running.
 * @throws StartError if there is none, or a server owns it after all
 */
export async function withStoppedServer<T>(
  options: OpenOptions,
  work: (deps: Deps) => Promise<T>,
): Promise<T> {
  const directory = options.stateDirectory ?? join(options.folder, RESERVED_NAME)
  if (!existsSync(join(directory, 'state.db')) || !existsSync(options.folder)) {
    throw new StartError(
      `there is no state of a server in ${directory}`,
      'Name the folder that is served, and its --state DIR if it has one.',
    )
  }
  const opened = openAll(options)
  try {
    return await work(depsOf(options, opened))
  } finally {
    await opened.close()
  }
}

function inUse(directory: string): StartError {
  return new StartError(
    `another Plimsoll server is using ${directory}`,
    'One server owns a folder and its state. Stop the other one, or serve another folder.',
  )
}

export function depsOf(options: OpenOptions, { store, state }: Opened): Deps {
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
    unsettled: new Set(),
    ending: new Map(),
    nowMs: options.nowMs ?? Date.now,
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

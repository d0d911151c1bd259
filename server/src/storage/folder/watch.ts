import { type FSWatcher, lstatSync, readFileSync, realpathSync, watch } from 'node:fs'
import { isMemberName, isReserved, parentOf, type ResourcePath, ROOT } from '../../core/path.ts'
import { type FolderWatch, type OpenWatch, WatchFailure, type WatchListener } from '../../core/watch.ts'
import { type Anchor, type AnchoredRoot, anchorRoot } from './anchor.ts'
import { isForbidden, isMissing, translate, whyNotWatched } from './translate.ts'

/**
 * Watches a folder with one watch for each collection in it. Node's own recursive watching holds one for every file
 * too on Linux, and follows links. An open directory is watched rather than a name, so no link is ever followed.
 */
export function watchFolder(folder: string): OpenWatch {
  return (listener) => {
    const root = anchorRoot(realpathSync(folder))
    try {
      return watchBelow(root, listener)
    } catch (error) {
      root.close()
      throw error
    }
  }
}

interface Watched {
  readonly identity: string
  /** Null where it cannot be watched by itself. */
  readonly watcher: FSWatcher | null
  readonly members: Set<ResourcePath>
}

function watchBelow(root: AnchoredRoot, listener: WatchListener): FolderWatch {
  const all = new Map<ResourcePath, Watched>()
  const told = listenedTo(listener)
  const device = deviceOf(root)
  const forget = (path: ResourcePath): void => {
    const watched = all.get(path)
    if (watched === undefined) return
    for (const member of watched.members) forget(member)
    watched.watcher?.close()
    all.delete(path)
    all.get(parentOf(path))?.members.delete(path)
  }
  const begin = (path: ResourcePath, anchor: Anchor, identity: string): void => {
    const watcher = anchor.device === device ? watcherOf(anchor, path, told) : null
    all.set(path, { identity, watcher, members: new Set() })
    if (path !== ROOT) all.get(parentOf(path))?.members.add(path)
  }
  return {
    add(path) {
      // Without the collection above it, this one will come again when that is looked at.
      const isReached = path === ROOT || all.has(parentOf(path))
      const anchor = isReached && !told.hasEnded() ? openIfAllowed(root, path) : null
      if (anchor === null) return 'kept'
      try {
        const identity = identityAt(anchor)
        const before = all.get(path)?.identity
        if (before === identity) return 'kept'
        forget(path)
        begin(path, anchor, identity)
        return before === undefined ? 'new' : 'replaced'
      } finally {
        anchor.close()
      }
    },
    has: (path) => all.has(path),
    forget,
    count: () => all.size,
    close() {
      if (told.hasEnded()) return
      told.end()
      forget(ROOT)
      root.close()
    },
  }
}

function deviceOf(root: AnchoredRoot): number | null {
  const anchor = root.open(ROOT)
  anchor?.close()
  return anchor?.device ?? null
}

/** Null too where it may not be looked into: then it is not served, and not watched. */
function openIfAllowed(root: AnchoredRoot, path: ResourcePath): Anchor | null {
  try {
    return root.open(path)
  } catch (error) {
    if (isForbidden(error)) return null
    throw translate(error, path, () => false)
  }
}

function identityAt(anchor: Anchor): string {
  const { dev, ino } = lstatSync(anchor.at(), { bigint: true })
  return `${dev}:${ino}`
}

function watcherOf(anchor: Anchor, path: ResourcePath, told: Told): FSWatcher | null {
  try {
    const watcher = watch(anchor.at(), { persistent: false }, (kind, name) => told.changed(path, kind, name))
    watcher.on('error', (error) => told.failed(error))
    return watcher
  } catch (error) {
    // Removed since it was opened, of which the collection above it is told.
    if (isMissing(error)) return null
    throw new WatchFailure(whyNotWatched(error), error)
  }
}

interface Told {
  changed(path: ResourcePath, kind: 'rename' | 'change', name: string | null): void
  failed(error: unknown): void
  hasEnded(): boolean
  end(): void
}

/**
 * What the kernel drops when its queue of events is full nobody is told (libuv passes IN_Q_OVERFLOW over). But a queue
 * that was full is read in one go, so as many events without a turn of the event loop in between mean that some may
 * be missing. Half, because those of watches that have ended are not seen here.
 */
function listenedTo(listener: WatchListener): Told {
  const mostInOneGo = queuedEvents() / 2
  let inOneGo = 0
  let hasEnded = false
  const count = (): void => {
    if (inOneGo === 0) {
      setImmediate(() => {
        if (inOneGo >= mostInOneGo && !hasEnded) listener.missed()
        inOneGo = 0
      })
    }
    inOneGo += 1
  }
  return {
    changed(path, kind, name) {
      if (hasEnded) return
      count()
      if (name !== null && isReserved(name)) return
      listener.changed(path, kind === 'rename' && name !== null && isMemberName(name) ? name : null)
    },
    failed(error) {
      if (!hasEnded) listener.failed(new WatchFailure(whyNotWatched(error), error))
    },
    hasEnded: () => hasEnded,
    end() {
      hasEnded = true
    },
  }
}

function queuedEvents(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
  } catch {
    // Where there is no inotify there is no such queue.
    return Number.POSITIVE_INFINITY
  }
}

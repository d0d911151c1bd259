import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { DavError } from '../../core/errors.ts'
import { nameOf, parentOf, type ResourcePath, ROOT, segmentsOf } from '../../core/path.ts'
import { isLink, isMissing, isTooLong } from './translate.ts'

/** An open directory. Names under it mean what they meant when it was opened, whatever is moved or linked. */
export interface Anchor {
  /** The path by which the operating system reaches a member, or the directory itself without a name. */
  at(name?: string): string
  readonly device: number
  /** Makes the names in it durable. */
  sync(): Promise<void>
  close(): void
}

/** The served folder as the only way into its tree. */
export interface AnchoredRoot {
  /**
   * Opens the directory at `path`; null if there is none. Symbolic links are never followed, also when one is
   * put in place between two system calls: the kernel is asked afterwards where the open directory really is.
   */
  open(path: ResourcePath): Anchor | null
  close(): void
}

const fsyncAsync = promisify(fsync)

// What Linux offers in place of openat(2): a path that begins at an open directory.
const DESCRIPTORS = '/proc/self/fd'
export const DIRECTORY = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)

export function anchorRoot(folder: string): AnchoredRoot {
  const root = realpathSync(folder)
  return existsSync(DESCRIPTORS) ? byDescriptor(root) : byName(root)
}

/** Runs `work` on the directory that holds `path`. @throws DavError 'parent-missing' */
export async function withParent<T>(
  root: AnchoredRoot,
  path: ResourcePath,
  work: (parent: Anchor, name: string) => T | Promise<T>,
): Promise<T> {
  const parent = root.open(parentOf(path))
  if (parent === null) {
    throw new DavError('parent-missing', 'the collection this would be put into does not exist', { path })
  }
  try {
    return await work(parent, nameOf(path))
  } finally {
    parent.close()
  }
}

/** A path to what an open handle stands for, whatever its name means by now; null where there is none. */
export function descriptorPath(handle: number): string | null {
  return existsSync(DESCRIPTORS) ? `${DESCRIPTORS}/${handle}` : null
}

function byDescriptor(root: string): AnchoredRoot {
  const rootHandle = openSync(root, DIRECTORY)
  const rootLink = `${DESCRIPTORS}/${rootHandle}`
  return {
    open(path) {
      try {
        return atOnce(rootLink, path)
      } catch (error) {
        if (!isTooLong(error)) throw error
        return stepByStep(rootLink, path)
      }
    },
    close: () => closeSync(rootHandle),
  }
}

function atOnce(rootLink: string, path: ResourcePath): Anchor | null {
  const handle = openDirectory(path === ROOT ? `${rootLink}/.` : rootLink + path)
  if (handle === null) return null
  const link = `${DESCRIPTORS}/${handle}`
  let isThere = false
  try {
    isThere = readlinkSync(link) === join(readlinkSync(rootLink), path)
    return isThere ? anchor(handle, link) : null
  } finally {
    if (!isThere) closeSync(handle)
  }
}

/** A tree made by others can be deeper than any path the system takes: then one name after the other. */
function stepByStep(rootLink: string, path: ResourcePath): Anchor | null {
  let handle = openSync(`${rootLink}/.`, DIRECTORY)
  for (const name of segmentsOf(path)) {
    const above = handle
    try {
      const next = openDirectory(`${DESCRIPTORS}/${above}/${name}`)
      if (next === null) return null
      handle = next
    } finally {
      closeSync(above)
    }
  }
  return anchor(handle, `${DESCRIPTORS}/${handle}`)
}

/** Where there is no /proc: every name above is looked at first, which leaves a race to local users. */
function byName(root: string): AnchoredRoot {
  return {
    open(path) {
      let at = root
      for (const segment of segmentsOf(path)) {
        at = `${at}/${segment}`
        if (!isDirectory(at)) return null
      }
      const handle = openDirectory(at)
      return handle === null ? null : anchor(handle, at)
    },
    close() {},
  }
}

function anchor(handle: number, base: string): Anchor {
  return {
    at: (name) => (name === undefined ? `${base}/.` : `${base}/${name}`),
    device: fstatSync(handle).dev,
    sync: () => fsyncAsync(handle),
    close: () => closeSync(handle),
  }
}

function openDirectory(at: string): number | null {
  try {
    return openSync(at, DIRECTORY)
  } catch (error) {
    if (isMissing(error) || isLink(error)) return null
    throw error
  }
}

function isDirectory(at: string): boolean {
  return lstatSync(at, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function join(root: string, path: ResourcePath): string {
  if (path === ROOT) return root
  return root === '/' ? path : root + path
}

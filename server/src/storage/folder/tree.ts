import { isUtf8 } from 'node:buffer'
import { type BigIntStats, lstatSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { DavError, type ErrorCode } from '../../core/errors.ts'
import { isMemberName, isReserved, memberPath, type ResourcePath, ROOT } from '../../core/path.ts'
import { MOST_BYTES, type Resource, type Totals } from '../../core/resource.ts'
import type { Tally } from '../../core/store.ts'
import type { Anchor } from './anchor.ts'
import { lengthOf, resourceFrom } from './facts.ts'
import { lookAt } from './lookup.ts'
import { memberAt, statsBelow } from './unnamed.ts'
import type { Volume } from './volume.ts'

// A page is looked at in one go without giving way to other requests: about a millisecond on a local disk.
const PAGE_MEMBERS = 256
const SUM_EVERY = 1000
// The unit of st_blocks, whatever the blocks of the file system are (POSIX leaves it open, Linux and macOS fix it).
const BLOCK_BYTES = 512

/** The members of a collection, in pages; nothing if it is none. */
export async function* members(volume: Volume, path: ResourcePath): AsyncGenerator<readonly Resource[]> {
  for await (const page of pages(volume, path)) {
    const found = page.flatMap(({ name, stats }) => {
      const resource =
        name !== null && isMemberName(name) ? resourceFrom(memberPath(path, name), stats) : null
      return resource === null ? [] : [resource]
    })
    if (found.length > 0) yield found
  }
}

/**
 * Sums a tree without holding more of it than the names of folders still to be visited. Files under names that
 * no client can reach count too: they use the space. A file with several names counts under each.
 */
export async function* totals(volume: Volume, path: ResourcePath): AsyncGenerator<Totals> {
  const sum = { bytes: 0, entries: 0 }
  const pending: ResourcePath[] = []
  const add = (at: ResourcePath | null, stats: BigIntStats): void => {
    if (!stats.isFile() && !stats.isDirectory()) return
    sum.entries += 1
    if (stats.isFile()) sum.bytes = Math.min(sum.bytes + lengthOf(stats), MOST_BYTES)
    else if (at !== null) pending.push(at)
  }
  const self = path === ROOT ? null : await volume.guard(path, () => lookAt(volume.root, path))
  if (self !== null) add(path, self)
  else if (path === ROOT) pending.push(ROOT)
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for await (const page of readablePages(volume, folder)) {
      const before = sum.entries
      for (const { name, stats } of page) add(name === null ? null : memberPath(folder, name), stats)
      if (Math.floor(before / SUM_EVERY) !== Math.floor(sum.entries / SUM_EVERY)) yield { ...sum }
    }
  }
  yield sum
}

/** The members of one collection, counted; null where there is none. */
export async function tally(volume: Volume, path: ResourcePath): Promise<Tally | null> {
  const self = lookAt(volume.root, path)
  if (self === null || !self.isDirectory()) return null
  const totals = { bytes: 0, entries: 0 }
  const collections: ResourcePath[] = []
  let allocatedBytes = 0
  for await (const page of readablePages(volume, path)) {
    for (const { name, stats } of page) {
      if (!stats.isFile() && !stats.isDirectory()) continue
      totals.entries += 1
      allocatedBytes += Number(stats.blocks) * BLOCK_BYTES
      if (stats.isFile()) totals.bytes = Math.min(totals.bytes + lengthOf(stats), MOST_BYTES)
      else if (name !== null) collections.push(memberPath(path, name))
    }
  }
  return { totals, allocatedBytes, collections }
}

/**
 * What the server may not or cannot look into it cannot serve either: it is not counted, and keeps nothing else from
 * it. Else one broken folder would keep the whole server from starting.
 */
async function* readablePages(volume: Volume, path: ResourcePath): AsyncGenerator<readonly Entry[]> {
  try {
    yield* pages(volume, path)
  } catch (error) {
    if (!(error instanceof DavError) || !UNREADABLE.has(error.code)) throw error
  }
}

const UNREADABLE: ReadonlySet<ErrorCode> = new Set(['forbidden', 'io-error'])

interface Entry {
  /** Null where it is no text, or below such a name: no client can reach it, and its room is used all the same. */
  readonly name: string | null
  readonly stats: BigIntStats
}

async function* pages(volume: Volume, path: ResourcePath): AsyncGenerator<readonly Entry[]> {
  const anchor = await volume.guard(path, () => volume.root.open(path))
  if (anchor === null) return
  try {
    const directory = await volume.guard(path, () => openRaw(anchor.at()))
    try {
      for (;;) {
        const page = await volume.guard(path, () => nextPage(anchor, directory))
        if (page === null) return
        yield page
      }
    } finally {
      await directory.close()
    }
  } finally {
    anchor.close()
  }
}

/** What the type of `Dir` does not say: with names as bytes, because a name need not be text. */
interface RawDirectory {
  read(): Promise<{ readonly name: Buffer } | null>
  close(): Promise<void>
}

async function openRaw(at: string): Promise<RawDirectory> {
  const options = { bufferSize: PAGE_MEMBERS, encoding: 'buffer' as BufferEncoding }
  return (await opendir(at, options)) as unknown as RawDirectory
}

async function nextPage(anchor: Anchor, directory: RawDirectory): Promise<Entry[] | null> {
  const names: Buffer[] = []
  while (names.length < PAGE_MEMBERS) {
    const entry = await directory.read()
    if (entry === null) break
    if (!isReserved(entry.name.toString())) names.push(entry.name)
  }
  return names.length === 0 ? null : look(anchor, names)
}

// A name that has gone since the directory was read is left out.
function look(anchor: Anchor, names: readonly Buffer[]): Entry[] {
  return names.flatMap((raw) => {
    const name = isUtf8(raw) ? raw.toString() : null
    const at = memberAt(anchor.at(), raw)
    const stats = lstatSync(at, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return []
    const below = name === null && stats.isDirectory() ? statsBelow(at) : []
    return [{ name, stats }, ...below.map((each) => ({ name: null, stats: each }))]
  })
}

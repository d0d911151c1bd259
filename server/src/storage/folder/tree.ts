import { type BigIntStats, lstatSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { DavError, type ErrorCode } from '../../core/errors.ts'
import { isMemberName, isReserved, memberPath, type ResourcePath, ROOT } from '../../core/path.ts'
import { MOST_BYTES, type Resource, type Totals } from '../../core/resource.ts'
import type { Tally } from '../../core/store.ts'
import type { Anchor } from './anchor.ts'
import { lengthOf, resourceFrom } from './facts.ts'
import { lookAt } from './lookup.ts'
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
      const resource = isMemberName(name) ? resourceFrom(memberPath(path, name), stats) : null
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
  const add = (at: ResourcePath, stats: BigIntStats): void => {
    if (!stats.isFile() && !stats.isDirectory()) return
    sum.entries += 1
    if (stats.isFile()) sum.bytes = Math.min(sum.bytes + lengthOf(stats), MOST_BYTES)
    else pending.push(at)
  }
  const self = path === ROOT ? null : await volume.guard(path, () => lookAt(volume.root, path))
  if (self !== null) add(path, self)
  else if (path === ROOT) pending.push(ROOT)
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for await (const page of readablePages(volume, folder)) {
      const before = sum.entries
      for (const { name, stats } of page) add(memberPath(folder, name), stats)
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
      else collections.push(memberPath(path, name))
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
  readonly name: string
  readonly stats: BigIntStats
}

async function* pages(volume: Volume, path: ResourcePath): AsyncGenerator<readonly Entry[]> {
  const anchor = await volume.guard(path, () => volume.root.open(path))
  if (anchor === null) return
  try {
    const directory = await volume.guard(path, () => opendir(anchor.at(), { bufferSize: PAGE_MEMBERS }))
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

async function nextPage(
  anchor: Anchor,
  directory: Awaited<ReturnType<typeof opendir>>,
): Promise<Entry[] | null> {
  const names: string[] = []
  while (names.length < PAGE_MEMBERS) {
    const entry = await directory.read()
    if (entry === null) break
    if (!isReserved(entry.name)) names.push(entry.name)
  }
  return names.length === 0 ? null : look(anchor, names)
}

// A name that has gone since the directory was read is left out.
function look(anchor: Anchor, names: readonly string[]): Entry[] {
  return names.flatMap((name) => {
    const stats = lstatSync(anchor.at(name), { bigint: true, throwIfNoEntry: false })
    return stats === undefined ? [] : [{ name, stats }]
  })
}

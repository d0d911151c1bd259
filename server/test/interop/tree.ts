import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KIB, randomBytes, sha256 } from '../support/content.ts'

/** Names that some client or server forgets to escape, or escapes twice. */
export const DIFFICULT_NAMES = [
  'two  spaces.txt',
  '100%.txt',
  '%41 is not A.txt',
  'a#b?c.txt',
  'a+b&c=d;e,f.txt',
  '[brackets]{braces}.txt',
  `quote's "here".txt`,
  '<angle> & ampersand.txt',
  'Grüße – 日本語 🙂.txt',
  'colon: at.txt',
] as const

export interface TreeSize {
  readonly files: number
  readonly folders: number
}

/**
 * Fills a folder with folders, two levels of them, and files of random bytes: empty ones, small ones, and every
 * hundredth of 256 KiB. The names of some are difficult.
 */
export function makeTree(at: string, { files, folders }: TreeSize): void {
  const places = Array.from({ length: folders }, (_, index) =>
    index % 2 === 0 ? `folder ${index}` : join(`folder ${index - 1}`, `below ${index}`),
  )
  for (const place of places) mkdirSync(join(at, place), { recursive: true })
  for (let index = 0; index < files; index++) {
    const place = places[index % folders] ?? ''
    const name = DIFFICULT_NAMES[index] ?? `file-${index}.bin`
    writeFileSync(join(at, place, name), randomBytes(sizeOf(index)))
  }
}

function sizeOf(index: number): number {
  if (index % 100 === 99) return 256 * KIB
  return index % 50 === 0 ? 0 : 1 + ((index * 37) % (8 * KIB))
}

/** The checksum of each file below a folder by its path, and null for each folder. */
export type Checksums = Readonly<Record<string, string | null>>

export function checksumsOf(folder: string): Checksums {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const found = entries
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ path }) => !isOwn(folder, path))
    .map(({ entry, path }): [string, string | null] => [
      path.slice(folder.length + 1),
      entry.isDirectory() ? null : sha256(readFileSync(path)),
    ])
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The paths that are missing, too many or different: shorter to read than two thousand checksums. */
export function differences(actual: Checksums, expected: Checksums): readonly string[] {
  const paths = new Set([...Object.keys(actual), ...Object.keys(expected)])
  return [...paths].filter((path) => actual[path] !== expected[path])
}

/** The server's own folder, and where davfs2 shows what it could not save. */
function isOwn(folder: string, path: string): boolean {
  const [first] = path.slice(folder.length + 1).split('/')
  return first === '.plimsoll' || first === 'lost+found'
}

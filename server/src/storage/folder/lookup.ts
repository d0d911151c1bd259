import { type BigIntStats, lstatSync } from 'node:fs'
import { memberPath, nameOf, parentOf, type ResourcePath, ROOT, segmentsOf } from '../../core/path.ts'
import type { AnchoredRoot } from './anchor.ts'
import { isTooLong } from './translate.ts'

/** What the operating system knows of the thing at `path`, a link itself rather than its target; null if nothing. */
export function lookAt(root: AnchoredRoot, path: ResourcePath): BigIntStats | null {
  const parent = root.open(parentOf(path))
  if (parent === null) return null
  try {
    const at = path === ROOT ? parent.at() : parent.at(nameOf(path))
    return lstatSync(at, { bigint: true, throwIfNoEntry: false }) ?? null
  } finally {
    parent.close()
  }
}

// Decomposed, a name that fits can be longer than any name there is.
function isThere(root: AnchoredRoot, path: ResourcePath): boolean {
  try {
    return lookAt(root, path) !== null
  } catch (error) {
    if (isTooLong(error)) return false
    throw error
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII
const ASCII = /^[\u0000-\u007f]*$/

/**
 * The spelling under which `path` is stored. macOS sends names decomposed (NFD) and others composed (NFC), so a
 * name that is not there as it was sent is looked for in both forms.
 */
export function storedSpelling(root: AnchoredRoot, path: ResourcePath): ResourcePath {
  if (ASCII.test(path)) return path
  let found: ResourcePath = ROOT
  for (const segment of segmentsOf(path)) {
    const spellings = [segment, segment.normalize('NFC'), segment.normalize('NFD')]
    const stored = spellings.find((spelling) => isThere(root, memberPath(found, spelling)))
    found = memberPath(found, stored ?? segment)
  }
  return found
}

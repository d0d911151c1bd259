import { type ResourcePath, ROOT } from '../../../core/path.ts'

/** Where properties and folders of a copy wait for its commit; no resource has such a path. */
export function stagedPath(claimId: string, below = ''): ResourcePath {
  return `stage:${claimId}${below}` as ResourcePath
}

// '0' follows '/' in the order of bytes, so this is a path and what is below it, and nothing beside it.
export const IN_TREE = '(path = ? OR (path > ? AND path < ?))'

/** The values of `IN_TREE`; without the first one, those of what is strictly below the path. */
export function inTree(path: ResourcePath): [string, string, string] {
  return path === ROOT ? [path, path, '0'] : [path, `${path}/`, `${path}0`]
}

export const NEW_PATH = 'path = ? || substr(path, ?)'

/** The values of `NEW_PATH`. */
export function newPath(from: ResourcePath, to: ResourcePath): [string, number] {
  // substr counts characters from 1, and so does length in SQLite: code points, not UTF-16 units.
  return [to, [...from].length + 1]
}

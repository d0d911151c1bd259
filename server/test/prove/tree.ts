/** What a client has stored below a folder of its own, by path; never changed, only replaced. */
export type Tree = ReadonlyMap<string, Entry>

export interface Entry {
  /** The checksum of a file, or 'collection'. */
  readonly content: string
  readonly properties: Readonly<Record<string, string>>
  /** The token of the lock on it. */
  readonly token: string | null
}

export const COLLECTION: Entry = { content: 'collection', properties: {}, token: null }

export function isWithin(path: string, collection: string): boolean {
  return path === collection || path.startsWith(`${collection}/`)
}

export function withEntry(tree: Tree, path: string, entry: Entry): Tree {
  return new Map([...tree, [path, entry]])
}

export function withoutTree(tree: Tree, path: string): Tree {
  return new Map([...tree].filter(([each]) => !isWithin(each, path)))
}

/** With a copy of what is at `from` in the place of what is at `to`; locks stay behind. */
export function withCopy(tree: Tree, from: string, to: string): Tree {
  const copies = [...tree]
    .filter(([path]) => isWithin(path, from))
    .map(([path, entry]) => [to + path.slice(from.length), { ...entry, token: null }] as const)
  return new Map([...withoutTree(tree, to), ...copies])
}

/** All of it in words, a line each, so that two trees can be compared and a difference be read. */
export function linesOf(tree: Tree): readonly string[] {
  return [...tree].map(([path, entry]) => lineOf(path, entry)).sort()
}

function lineOf(path: string, { content, properties, token }: Entry): string {
  const named = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
  return [path, content, ...named.sort(), ...(token === null ? [] : ['locked'])].join(' ')
}

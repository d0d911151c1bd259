import { contains, parentOf, type ResourcePath, ROOT, selfAndAncestors } from '../core/path.ts'
import type { Resource } from '../core/resource.ts'
import type { ResourceStore } from '../core/store.ts'
import type { Protocol } from './methods.ts'
import { parseTarget, type TargetOptions } from './target.ts'

/**
 * Whether a request is for a collection above the tree, where that is mounted below a path. Windows walks the path
 * from the root of the host and gives up where a parent does not answer (WIN-02).
 */
export function isAboveTree(rawTarget: string, options: TargetOptions): boolean {
  const { basePath } = options
  if (basePath === '') return false
  const { path } = parseTarget(rawTarget, { ...options, basePath: '' })
  return path !== basePath && contains(path, basePath as ResourcePath)
}

/** What can be done there: to look, and nothing else. */
export function protocolAbove(protocol: Protocol): Protocol {
  const looking = [...protocol.methods].filter(([name]) => name === 'OPTIONS' || name === 'PROPFIND')
  return { ...protocol, methods: new Map(looking) }
}

/** What is there: one collection within the other, down to the tree. */
export function storeAbove(store: ResourceStore, basePath: string): ResourceStore {
  const chain = selfAndAncestors(basePath as ResourcePath)
  return {
    ...store,
    resolve: async (path) => path,
    stat: async (path) => (chain.includes(path) ? collection(path) : null),
    open: async () => null,
    async *list(path) {
      const child = chain.find((candidate) => candidate !== ROOT && parentOf(candidate) === path)
      if (child !== undefined) yield [collection(child)]
    },
  }
}

// Nobody made these collections, so they are as old as the process.
const MADE_MS = Date.now()

function collection(path: ResourcePath): Resource {
  return { path, kind: 'collection', bytes: 0, etag: null, modifiedMs: MADE_MS, createdMs: MADE_MS }
}

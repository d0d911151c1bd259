import { contains, type ResourcePath } from '../../core/path.ts'

interface Entry {
  readonly paths: readonly ResourcePath[]
  granted: boolean
  readonly grant: () => void
}

/** Mutual exclusion on parts of a tree, within one process, in the order of arrival. */
export interface PathLock {
  /** Runs `work` while nobody else works on one of `paths`, above it or below it. */
  hold<T>(paths: readonly ResourcePath[], work: () => Promise<T>): Promise<T>
}

export function pathLock(): PathLock {
  const entries: Entry[] = []

  function grantWhatIsFree(): void {
    for (const [index, entry] of entries.entries()) {
      if (entry.granted || entries.slice(0, index).some((earlier) => overlap(earlier, entry))) continue
      entry.granted = true
      entry.grant()
    }
  }

  return {
    async hold(paths, work) {
      const turn = Promise.withResolvers<void>()
      const entry: Entry = { paths, granted: false, grant: turn.resolve }
      entries.push(entry)
      grantWhatIsFree()
      await turn.promise
      try {
        return await work()
      } finally {
        entries.splice(entries.indexOf(entry), 1)
        grantWhatIsFree()
      }
    },
  }
}

function overlap(one: Entry, other: Entry): boolean {
  return one.paths.some((a) => other.paths.some((b) => contains(a, b) || contains(b, a)))
}

import { readdirSync, readFileSync } from 'node:fs'

export interface Migration {
  /** The number its file name begins with; also the version of the schema after it. */
  readonly version: number
  readonly sql: string
}

/** The numbered migrations, in order. */
export function migrations(): readonly Migration[] {
  const directory = new URL('./migrations/', import.meta.url)
  return readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({
      version: Number.parseInt(name, 10),
      sql: readFileSync(new URL(name, directory), 'utf8'),
    }))
}

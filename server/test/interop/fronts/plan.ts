import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Authority } from './authority.ts'

/** What a front is made from: the files in deploy/ and what must be another in a test. */
export interface Plan {
  readonly authority: Authority
  /** A directory of its own, for configuration, process id and temporary files. */
  readonly directory: string
  /** Ports on 127.0.0.1: of the front for HTTPS, of the front for HTTP, and of Plimsoll behind it. */
  readonly port: number
  readonly plainPort: number
  readonly upstreamPort: number
  /** The served folder. */
  readonly folder: string
  /** An existing directory in which the front would store bodies while it buffers them. */
  readonly bufferDirectory: string
  /** Changes the deployed configuration further, as an operator would. */
  readonly edit: (configuration: string) => string
}

/** How to run one: its files are written when this returns. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where it writes its errors, unless that is the standard error stream. */
  readonly logFile?: string
}

/** The text of a file in deploy/. */
export function deployed(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../../deploy/${path}`, import.meta.url)), 'utf8')
}

/** Replaces each text, wherever it stands. @throws Error for one that is not there: then deploy/ has changed */
export function replaced(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`deploy/ does not have ${from} any more`)
    return before.replaceAll(from, to)
  }, text)
}

/** The path of a file in the front's own directory. */
export function within({ directory }: Plan, name: string): string {
  return join(directory, name)
}

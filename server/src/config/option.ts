import type { z } from 'zod'

/**
 * One option, described once. Its flag, its environment variable, its key in the configuration file, its type
 * and its line of help all follow from its name and this record.
 */
export interface OptionDescription {
  /** Turns what was written, text from flags and variables or JSON from the file, into the setting. */
  readonly schema: z.ZodType
  /** The setting where nobody said anything. */
  readonly fallback: unknown
  readonly help: string
  /** The word that stands for the value in the help; null for a switch. */
  readonly argument: string | null
  /** Ends the sentence "expected …". */
  readonly expects: string
  /** How the setting looks to people; JSON-like text where this is absent. */
  readonly show?: (value: never) => string
  /** A path: relative to the working directory, in the configuration file to the file's folder. */
  readonly isPath?: true
  readonly isRepeatable?: true
  /** Not accepted in the configuration file. */
  readonly notInFile?: true
  /** Not a flag: other users of the machine can see those. */
  readonly notAFlag?: true
  /** Never repeated in a message. */
  readonly isSecret?: true
}

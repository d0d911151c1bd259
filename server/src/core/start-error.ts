/**
 * Why the server could not start, for the person who typed the command: what was wrong, and what to do about
 * it. Whoever reports it shows both and no stack.
 */
export class StartError extends Error {
  /** What to do, as one or more sentences; empty where the message says it all. */
  readonly hint: string

  constructor(message: string, hint = '', details: { readonly cause?: unknown } = {}) {
    super(message, { cause: details.cause })
    this.name = 'StartError'
    this.hint = hint
  }
}

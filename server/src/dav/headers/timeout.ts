export interface TimeoutRules {
  /** The longest time granted; what `Infinite` gets. */
  readonly maxSeconds: number
  /** Granted where the client did not ask, or not for anything we understand. */
  readonly defaultSeconds: number
}

/** Granted to those who ask for less, because Microsoft Office needs it. A shorter maximum wins. */
export const MIN_TIMEOUT_SECONDS = 180

/**
 * How long a lock is to live. The header is a wish, so nothing in it is an error: of the times in the list the
 * first one we understand is granted, within our bounds.
 *
 * @returns seconds
 * @see RFC 4918 §10.7, §6.6
 */
export function parseTimeout(value: string | undefined, rules: TimeoutRules): number {
  const wishes = (value ?? '').split(',').map(secondsOf)
  const wish = wishes.find((seconds) => seconds !== null)
  const seconds = wish === undefined ? rules.defaultSeconds : Math.max(wish, MIN_TIMEOUT_SECONDS)
  return Math.min(seconds, rules.maxSeconds, MAX_WIRE_SECONDS)
}

/** RFC 4918 §10.7: no answer may name more. */
const MAX_WIRE_SECONDS = 4_294_967_295

/** @returns null for what we do not understand */
function secondsOf(wish: string): number | null {
  const text = wish.trim().toLowerCase()
  if (text === 'infinite') return Number.POSITIVE_INFINITY
  const digits = /^second-([0-9]+)$/.exec(text)?.[1]
  return digits === undefined ? null : Number(digits)
}

/**
 * Reads a span of time as people write it: `90s`, `30min`, `12h`, `7d`, `2w`. A bare number is seconds.
 *
 * @returns whole seconds, 0 or more and at most ten years
 * @throws Error whose message says what was wrong and how spans are written
 */
export function parseDuration(text: string): number {
  const [, number, unit] = DURATION.exec(text.trim()) ?? []
  const factor = FACTORS.get((unit || 's').toLowerCase())
  if (number === undefined || factor === undefined) {
    throw new Error(`${JSON.stringify(text)} is not a span of time. ${EXAMPLES}`)
  }
  const seconds = Number(number) * factor
  if (seconds > LONGEST_SECONDS)
    throw new Error(`${JSON.stringify(text)} is too long: the most is ten years.`)
  return seconds
}

/** `7d`, the largest unit that loses nothing. */
export function formatDuration(seconds: number): string {
  const [unit, factor] = SHOWN.findLast(([, size]) => seconds % size === 0) ?? ['s', 1]
  return seconds === 0 ? '0s' : `${seconds / factor}${unit}`
}

const EXAMPLES = 'Write for example 90s, 30min, 12h, 7d or 2w.'

const DURATION = /^(\d{1,12})\s*([a-z]*)$/i

const LONGEST_SECONDS = 10 * 366 * 86_400

const FACTORS = new Map([
  ['s', 1],
  ['min', 60],
  ['h', 3600],
  ['d', 86_400],
  ['w', 7 * 86_400],
])

// People count grace in days.
const SHOWN = [...FACTORS].filter(([unit]) => unit !== 'w')

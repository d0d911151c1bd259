/** How fast something fills. */
export interface Filling {
  /** @param roomBytes what is left, never negative; null without a limit */
  forecast(roomBytes: number | null): Forecast
  /**
   * @param atSeconds on a clock that only goes forward, or one that may jump: a step back or one that is too long
   *   to be true starts the observation anew
   */
  sample(usedBytes: number, atSeconds: number): void
}

export interface Forecast {
  /** Negative where it empties; null as long as too little is known. */
  readonly bytesPerDay: number | null
  /** At this rate; null where the rate is unknown or does not fill it within ten years. */
  readonly secondsUntilFull: number | null
}

const UNKNOWN: Forecast = { bytesPerDay: null, secondsUntilFull: null }

const DAY_SECONDS = 86_400
// What happened a day ago counts half.
const HALF_LIFE_SECONDS = DAY_SECONDS
// Below this much observed time one upload would look like a trend.
const LEAST_SECONDS = 3600
// Samples come every half minute. After a gap of two half-lives the last one says nothing about a rate.
const LONGEST_GAP_SECONDS = 2 * HALF_LIFE_SECONDS
// Nobody plans by what is further away.
const LONGEST_SECONDS = 10 * 365 * DAY_SECONDS

/**
 * The growth of the last days over the time of the last days, both fading with age: an exponentially weighted mean
 * that takes samples at any distance and remembers a handful of numbers.
 */
export function filling(): Filling {
  let last: { readonly usedBytes: number; readonly atSeconds: number } | null = null
  let grownBytes = 0
  let weightedSeconds = 0
  let observedSeconds = 0
  return {
    sample(usedBytes, atSeconds) {
      const passedSeconds = last === null ? 0 : atSeconds - last.atSeconds
      if (passedSeconds < 0 || passedSeconds > LONGEST_GAP_SECONDS) {
        grownBytes = 0
        weightedSeconds = 0
        observedSeconds = 0
      } else if (last !== null) {
        const kept = 0.5 ** (passedSeconds / HALF_LIFE_SECONDS)
        grownBytes = grownBytes * kept + usedBytes - last.usedBytes
        weightedSeconds = weightedSeconds * kept + passedSeconds
        observedSeconds += passedSeconds
      }
      last = { usedBytes, atSeconds }
    },
    forecast(roomBytes) {
      if (observedSeconds < LEAST_SECONDS) return UNKNOWN
      const bytesPerSecond = grownBytes / weightedSeconds
      return {
        bytesPerDay: Math.round(bytesPerSecond * DAY_SECONDS),
        secondsUntilFull:
          bytesPerSecond > 0 && roomBytes !== null ? bounded(roomBytes / bytesPerSecond) : null,
      }
    },
  }
}

function bounded(seconds: number): number | null {
  return seconds <= LONGEST_SECONDS ? Math.round(seconds) : null
}

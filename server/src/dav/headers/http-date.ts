/**
 * Reads the three forms of a date that a recipient must understand. The day's name is not checked against the
 * date: it carries nothing.
 *
 * @param nowMs decides the century of a two-digit year
 * @returns milliseconds since 1970, or null when the value is not a date
 * @see RFC 9110 §5.6.7
 */
export function parseHttpDate(value: string, nowMs: number): number | null {
  const text = value.trim()
  const fixdate = IMF_FIXDATE.exec(text)?.groups
  if (fixdate !== undefined) return utcMs(fixdate, Number(fixdate.year))
  const asctime = ASCTIME.exec(text)?.groups
  if (asctime !== undefined) return utcMs(asctime, Number(asctime.year))
  const rfc850 = RFC850.exec(text)?.groups
  if (rfc850 !== undefined) return twoDigitYearMs(rfc850, nowMs)
  return null
}

/** The one form to send. Fractions of a second are cut off; years outside 0-9999 become the nearest. */
export function formatHttpDate(ms: number): string {
  return new Date(Math.min(Math.max(ms, YEAR_0_MS), YEAR_9999_MS)).toUTCString()
}

const YEAR_0_MS = -62_167_219_200_000
const YEAR_9999_MS = 253_402_300_799_999

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day'
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = '(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})'
const IMF_FIXDATE = new RegExp(`^${DAY}, (?<day>[0-9]{2}) ${MONTH} (?<year>[0-9]{4}) ${TIME} GMT$`)
const RFC850 = new RegExp(`^${LONG_DAY}, (?<day>[0-9]{2})-${MONTH}-(?<year>[0-9]{2}) ${TIME} GMT$`)
const ASCTIME = new RegExp(`^${DAY} ${MONTH} (?<day>[0-9 ][0-9]) ${TIME} (?<year>[0-9]{4})$`)

type Fields = Readonly<Record<string, string | undefined>>

/** The latest year with these last two digits that is not more than 50 years ahead (RFC 9110 §5.6.7). */
function twoDigitYearMs(fields: Fields, nowMs: number): number | null {
  const now = new Date(nowMs)
  const thisYear = now.getUTCFullYear()
  const yearsAhead = (((Number(fields.year) - thisYear) % 100) + 100) % 100
  const horizonMs = new Date(nowMs).setUTCFullYear(thisYear + 50)
  const ms = utcMs(fields, thisYear + yearsAhead)
  if (ms !== null && ms <= horizonMs) return ms
  return utcMs(fields, thisYear + yearsAhead - 100)
}

/** @returns null for the 31st of February and its like */
function utcMs(fields: Fields, year: number): number | null {
  const month = MONTHS.indexOf(fields.month ?? '')
  const day = Number(fields.day)
  const hour = Number(fields.hour)
  const minute = Number(fields.minute)
  const second = Number(fields.second)
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return null
  // Date.UTC would read the year 0094 as 1994.
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  if (date.getUTCDate() !== day) return null
  return date.setUTCHours(hour, minute, second, 0)
}

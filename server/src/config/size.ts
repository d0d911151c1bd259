import { formatSize } from '../core/format-size.ts'

/**
 * Reads a number of bytes as people write it.
 *
 * `KB MB GB TB PB` count by 1000, `KiB MiB GiB TiB PiB` by 1024, and the bare letters `K M G T P` also by 1024,
 * as GNU coreutils do. Upper and lower case are the same, a space before the unit is allowed. A fraction of a
 * unit is rounded down to whole bytes.
 *
 * @returns a safe integer, 0 or more
 * @throws Error whose message says what was wrong and how sizes are written
 */
export function parseSize(text: string): number {
  const [, sign, whole, fraction = '', unit = ''] = SIZE.exec(text.trim()) ?? []
  if (whole === undefined) throw new Error(`${JSON.stringify(text)} is not a size. ${EXAMPLES}`)
  if (sign === '-') throw new Error(`${JSON.stringify(text)} is negative; a size is 0 or more. ${EXAMPLES}`)

  const factor = FACTORS.get(unit.toLowerCase())
  if (factor === undefined) throw new Error(`${JSON.stringify(unit)} is not a unit of size. ${EXAMPLES}`)
  if (fraction !== '' && factor === 1n) {
    throw new Error(`${JSON.stringify(text)} is a fraction of a byte. ${EXAMPLES}`)
  }

  // In whole numbers, because 2^53 is reached by a limit of 8 PiB and 1.1 has no exact double.
  const bytes = (BigInt(whole + fraction) * factor) / 10n ** BigInt(fraction.length)
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Error(
      `${JSON.stringify(text)} is too large: the largest size is ${Number.MAX_SAFE_INTEGER} bytes.`,
    )
  }
  return Number(bytes)
}

/** For people, and with the exact number where that is another one: `4 KiB`, `9.76 KiB (10000 bytes)`. */
export function showExactly(bytes: number): string {
  const text = formatSize(bytes)
  return parseSize(text) === bytes ? text : `${text} (${bytes} bytes)`
}

const EXAMPLES = 'Write for example 1048576, 500KB, 10GB (by 1000), 1.5MiB or 10GiB (by 1024).'

// The bound on digits keeps a hostile configuration from making BigInt work for hours.
const SIZE = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?\s*([a-z]*)$/i

const FACTORS = new Map<string, bigint>([
  ['', 1n],
  ['b', 1n],
  ...['k', 'm', 'g', 't', 'p'].flatMap((letter, index): [string, bigint][] => {
    const power = BigInt(index + 1)
    return [
      [letter, 1024n ** power],
      [`${letter}ib`, 1024n ** power],
      [`${letter}b`, 1000n ** power],
    ]
  }),
])

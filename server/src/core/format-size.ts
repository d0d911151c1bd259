/**
 * A size for people: `734 B`, `4 KiB`, `1.5 GiB`. At most three digits that count, rounded down, so that room
 * never looks larger than it is.
 */
export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  const decimals = value < 10 ? 100 : value < 100 ? 10 : 1
  return `${Math.floor(value * decimals) / decimals} ${UNITS[unit]}`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

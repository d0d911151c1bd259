import { formatSize } from '../core/format-size.ts'
import type { Summary } from '../server.ts'
import { printable } from './log.ts'

export interface Started extends Summary {
  readonly url: string
  /** Printed this once, because it is stored nowhere. */
  readonly made: { readonly name: string; readonly password: string } | null
  readonly isOpen: boolean
  /** Whether other machines can connect. */
  readonly isReachable: boolean
}

/** What a server says of itself when it has started. */
export function banner(started: Started): string {
  const rows: [string, string][] = [
    ['address', started.url],
    ['folder', started.folder],
    ['limit', started.limitBytes === null ? 'none' : formatSize(started.limitBytes)],
    ['used', formatSize(started.usedBytes)],
    ['free', formatSize(started.availableBytes)],
    ['level', started.level],
    [
      'disk',
      `${formatSize(started.diskFreeBytes)} free, ${formatSize(started.keepFreeBytes)} of it kept free`,
    ],
  ]
  if (started.made !== null) {
    rows.push(['user', started.made.name])
    rows.push(['password', `${started.made.password}   (for this run; --user NAME:PASSWORD sets your own)`])
  }
  const lines = rows.map(([name, value]) => `  ${name.padEnd(9)} ${printable(value)}`)
  const warnings = warningsOf(started).map((warning) => `Warning: ${warning}`)
  return ['Plimsoll is running.', ...lines, ...warnings, 'Stop it with Ctrl+C.', ''].join('\n')
}

function warningsOf({ limitBytes, usedBytes, isOpen, isReachable }: Started): string[] {
  const warnings: string[] = []
  if (limitBytes !== null && usedBytes > limitBytes) {
    warnings.push(
      `${formatSize(usedBytes)} are used, more than the limit of ${formatSize(limitBytes)}. ` +
        'Nothing may grow until enough is deleted; reading, deleting, shrinking and moving work.',
    )
  }
  if (isOpen && isReachable)
    warnings.push('everyone who can reach the address may read, change and delete files.')
  if (!isOpen && isReachable) {
    warnings.push(
      'passwords cross the network readable. Put a server that speaks HTTPS in front of this one.',
    )
  }
  return warnings
}

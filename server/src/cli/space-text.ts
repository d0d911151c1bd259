import { showExactly } from '../config/size.ts'
import { showLimits } from '../config/space-limits.ts'
import type { Forecast } from '../core/filling.ts'
import { formatSize } from '../core/format-size.ts'
import type { SpaceReport } from '../core/spaces.ts'
import { printable } from './log.ts'

/**
 * All that is known of a space, a line for each thing.
 * @param allocatedBytes what its files take on the disk, where that was counted
 */
export function describeSpace(report: SpaceReport, allocatedBytes?: number): string {
  const { path, limits, fileBytes, propertyBytes, entries, reservedBytes, availableBytes, level, locks } =
    report
  const rows: Row[] = [
    ['limits', showLimits(limits).join(', ') || 'none'],
    ['files', `${showExactly(fileBytes)} in ${entries} files and folders`],
    ...(allocatedBytes === undefined ? [] : [['on the disk', formatSize(allocatedBytes)] satisfies Row]),
    ['properties', showExactly(propertyBytes)],
    ['being written', showExactly(reservedBytes)],
    ['locks', `${locks} (charged to nobody)`],
    ['left', `${showExactly(availableBytes)}${entriesLeft(report)}, level ${level}`],
    ...softRows(report),
    ...forecastRows(report.forecast),
  ]
  const lines = rows.map(([name, value]) => `  ${name.padEnd(14)} ${value}`)
  return `${[`${printable(path)}${origin(report)}`, ...lines].join('\n')}\n`
}

/** A line for each: path, used, limits. */
export function describeSpaces(reports: readonly SpaceReport[]): string {
  const rows = reports.map((report) => [
    printable(report.path),
    formatSize(report.fileBytes + report.propertyBytes),
    report.level,
    `${showLimits(report.limits).join(', ') || 'no limits'}${origin(report)}`,
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`)
    .join('')
}

function entriesLeft({ availableEntries }: SpaceReport): string {
  return availableEntries === null ? '' : ` and ${availableEntries} files and folders`
}

type Row = [string, string]

function origin({ isConfigured, kind }: SpaceReport): string {
  const whose = kind === 'user' ? ', the folder of a user' : ''
  return isConfigured ? ` (from the configuration${whose})` : ''
}

function softRows({ overSinceMs, refusesAtMs }: SpaceReport): Row[] {
  if (overSinceMs === null || refusesAtMs === null) return []
  return [
    ['soft limit', `passed since ${dateOf(overSinceMs)}, refuses growth from ${dateOf(refusesAtMs)} on`],
  ]
}

function forecastRows(forecast: Forecast | null): Row[] {
  if (forecast?.bytesPerDay == null) return []
  const { bytesPerDay, secondsUntilFull } = forecast
  const rate = `${bytesPerDay < 0 ? '-' : '+'}${formatSize(Math.abs(bytesPerDay))} a day`
  const end = secondsUntilFull === null ? '' : `, full in about ${spanOf(secondsUntilFull)}`
  return [['trend', `${rate}${end}`]]
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

function spanOf(seconds: number): string {
  const hours = Math.round(seconds / 3600)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}

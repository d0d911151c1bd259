import type { Loaded } from '../config/load.ts'
import { OPTION_NAMES, showSetting } from '../config/schema.ts'
import { printable } from './log.ts'

/** Each setting, its value and who said it, in columns. */
export function describeSettings({ settings, sources }: Loaded): string {
  const rows = OPTION_NAMES.map((name) => ({
    name,
    value: printable(showSetting(name, settings[name])),
    source: printable(sources[name]),
  }))
  const nameWidth = Math.max(...rows.map(({ name }) => name.length))
  const valueWidth = Math.max(...rows.map(({ value }) => value.length))
  const lines = rows.map(
    ({ name, value, source }) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source}`,
  )
  return `${lines.join('\n')}\n`
}

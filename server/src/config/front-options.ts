import { path } from './path.ts'
import type { OptionDescription } from './schema.ts'

/** What matters where another server stands in front, and where people look at answers. */
export const FRONT_OPTIONS = {
  errorPages: {
    schema: path,
    fallback: null,
    argument: 'DIRECTORY',
    isPath: true,
    expects: 'the path of a directory',
    show: (value: string | null) => value ?? 'none',
    help: 'your own pages for refusals, named by their status, such as 507.html; shown to browsers',
  },
} as const satisfies Record<string, OptionDescription>

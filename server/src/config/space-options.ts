import { z } from 'zod'
import type { SpaceSetting } from '../core/ledger.ts'
import type { ResourcePath } from '../core/path.ts'
import type { OptionDescription } from './option.ts'
import { attempt, showSize, sizeOrNone } from './reading.ts'
import { parseSpace, parseSpacePath, showSpace } from './space-limits.ts'

const spaces = z
  .union([
    z.string().transform((text) => text.split(/\r?\n/).filter((line) => line.trim() !== '')),
    z.array(z.string()),
  ])
  .transform((all, context): readonly SpaceSetting[] => attempt(context, () => distinct(all.map(parseSpace))))

const collection = z
  .string()
  .transform((text, context): ResourcePath => attempt(context, () => parseSpacePath(text)))

/** Collections with limits of their own. */
export const SPACE_OPTIONS = {
  space: {
    schema: spaces,
    fallback: [] as readonly SpaceSetting[],
    argument: 'PATH:LIMITS',
    isRepeatable: true,
    expects: 'PATH:LIMITS',
    show: (value: readonly SpaceSetting[]) => value.map(showSpace).join(' ') || 'none',
    help:
      'limits of one collection, such as /team:limit=10GiB,entries=1000; may be given many times. ' +
      'Words: limit, entries, file-size, properties, soft-limit, grace',
  },
  home: {
    schema: collection,
    fallback: null,
    argument: 'PATH',
    expects: 'the path of a collection such as /home',
    show: (value: ResourcePath | null) => value ?? 'none',
    help: 'a collection in which each user has a folder of their own, made at start',
  },
  homeLimit: {
    schema: sizeOrNone,
    fallback: null,
    argument: 'SIZE',
    expects: 'a size such as 5GiB, or none',
    show: showSize('none'),
    help: 'how much each of these folders may hold',
  },
} as const satisfies Record<string, OptionDescription>

function distinct(settings: readonly SpaceSetting[]): readonly SpaceSetting[] {
  const twice = settings.find(({ path }, index) => settings.findIndex((other) => other.path === path) < index)
  if (twice !== undefined) throw new Error(`${twice.path} is given limits twice: write them in one.`)
  return settings
}

import { z } from 'zod'
import type { OptionDescription } from './option.ts'
import { path } from './reading.ts'

const webUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).username === '' && new URL(text).password === '')

const percent = z.number().min(1).max(99)

const percents = z
  .union([z.string().transform((text) => text.split(',').map(Number)), z.array(z.number())])
  .pipe(z.tuple([percent, percent]))
  .refine(([near, critical]) => near < critical)

/** When somebody is told how full it is, and who. */
export const ALERT_OPTIONS = {
  warn: {
    schema: percents,
    fallback: [80, 95] as readonly [number, number],
    argument: 'NEAR,CRITICAL',
    expects: 'two rising percentages from 1 to 99 such as 80,95',
    show: (value: readonly [number, number]) => value.join(','),
    help: 'at how many percent of a limit a space is near it, and critically so',
  },
  webhook: {
    schema: webUrl,
    fallback: null,
    argument: 'URL',
    isSecret: true,
    expects: 'an http or https URL without a user name and password',
    show: (value: string | null) => (value === null ? 'none' : `${new URL(value).origin} (the rest hidden)`),
    help: 'who is told, by a signed POST, when a space or the disk changes its level',
  },
  webhookSecretFile: {
    schema: path,
    fallback: null,
    argument: 'FILE',
    isPath: true,
    expects: 'the path of a file',
    show: (value: string | null) => value ?? 'none',
    help: 'the file with the secret that signs what the webhook is sent: whsec_ and the base64 of 24 to 64 bytes',
  },
  webhookSecret: {
    schema: z.string().min(1),
    fallback: null,
    argument: 'SECRET',
    notAFlag: true,
    isSecret: true,
    expects: 'a secret such as webhookSecretFile holds',
    show: (value: string | null) => (value === null ? 'none' : '(hidden)'),
    help: 'the same secret itself; there is no flag, because other users of this machine could see it',
  },
} as const satisfies Record<string, OptionDescription>

import { z } from 'zod'
import type { Network } from '../core/network.ts'
import { parseNetwork, showNetwork } from './network.ts'
import type { OptionDescription } from './option.ts'
import { attempt, path } from './reading.ts'

const networks = z
  .union([
    z.string().transform((text) => text.split(/[\s,]+/).filter((word) => word !== '')),
    z.array(z.string()),
  ])
  .transform((words, context): readonly Network[] => attempt(context, () => words.flatMap(parseNetwork)))

type Sendfile = { readonly front: 'apache' } | { readonly front: 'nginx'; readonly location: string }

const nginx = z
  .string()
  .regex(/^nginx=(?:\/[A-Za-z0-9_~.-]+)+$/)
  .refine((text) => !text.split('/').some((segment) => segment === '.' || segment === '..'))
  .transform((text): Sendfile => ({ front: 'nginx', location: text.slice('nginx='.length) }))

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
  trustProxy: {
    schema: networks,
    fallback: [] as readonly Network[],
    argument: 'ADDRESS',
    isRepeatable: true,
    expects: 'addresses, networks or loopback',
    show: (value: readonly Network[]) => value.map(showNetwork).join(' ') || 'none',
    help:
      'where a front server connects from whose X-Forwarded-For, -Host and -Proto are believed: an address, a network ' +
      'such as 10.0.0.0/8, or loopback; may be given many times',
  },
  sendfile: {
    schema: z.union([
      z.literal('none').transform(() => null),
      z.literal('apache').transform((front): Sendfile => ({ front })),
      nginx,
    ]),
    fallback: null,
    argument: 'FRONT',
    expects: 'apache, nginx=/LOCATION such as nginx=/-/plimsoll, or none',
    show: (value: Sendfile | null) =>
      value === null ? 'none' : value.front === 'nginx' ? `nginx=${value.location}` : value.front,
    help:
      'let the trusted front server send files by itself: apache (X-Sendfile), nginx=/LOCATION (X-Accel-Redirect to ' +
      'that internal location), or none',
  },
} as const satisfies Record<string, OptionDescription>

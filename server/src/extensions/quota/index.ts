import { figures } from '../../core/figures.ts'
import type { Extension } from '../../dav/extension.ts'
import { dav, ext } from '../../dav/xml/names.ts'
import { spaceElement } from './space-element.ts'

/**
 * Quota and size properties (RFC 4331), and how near the space is to its limit: on collections only, in PROPFIND
 * only where asked for by name. They are read from the rows that decide about every write, so what is shown is what is enforced.
 */
export const quota: Extension = {
  name: 'quota',
  davTokens: [],
  methods: [],
  liveProperties: [
    {
      name: dav('quota-available-bytes'),
      inAllprop: false,
      has: ({ kind }) => kind === 'collection',
      value: async ({ path }, { deps, disk }) => String((await figures(deps, path, disk)).availableBytes),
    },
    {
      name: dav('quota-used-bytes'),
      inAllprop: false,
      has: ({ kind }) => kind === 'collection',
      value: async ({ path }, { deps, disk }) => String((await figures(deps, path, disk)).usedBytes),
    },
    {
      name: ext('space'),
      inAllprop: false,
      has: ({ kind }) => kind === 'collection',
      value: spaceElement,
    },
  ],
}

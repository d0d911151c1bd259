import { figures } from '../../core/space.ts'
import type { Extension } from '../../dav/extension.ts'
import { dav } from '../../dav/xml/names.ts'

/**
 * Quota and size properties (RFC 4331): on collections only, in PROPFIND only where asked for by name. They are
 * read from the rows that decide about every write, so what is shown is what is enforced.
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
  ],
}

import { NO_LIMITS, type Space } from '../../src/core/ledger.ts'
import { ROOT } from '../../src/core/path.ts'

/** A space at the root with nothing in it, but for what is given. */
export function spaceWith(more: Partial<Space>): Space {
  return {
    ...NO_LIMITS,
    path: ROOT,
    kind: 'collection',
    isConfigured: false,
    usedBytes: 0,
    usedEntries: 0,
    usedPropertyBytes: 0,
    reservedBytes: 0,
    reservedEntries: 0,
    reservedPropertyBytes: 0,
    overSinceMs: null,
    enforcedBytes: more.limitBytes ?? null,
    ...more,
  }
}

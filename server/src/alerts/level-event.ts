import type { LevelChange } from '../core/level-watch.ts'
import type { AlertEvent } from './webhook.ts'

/** What a receiver is told of a change. Numbers that are not known are null. */
export function levelEvent({
  path,
  atMs,
  usedBytes,
  reservedBytes,
  limitBytes,
  graceEndsMs,
  ...both
}: LevelChange): AlertEvent {
  if (path === null) return { type: 'disk.level', atMs, data: both }
  const graceEnds = graceEndsMs === null ? null : new Date(graceEndsMs).toISOString()
  const numbers = { usedBytes, reservedBytes, limitBytes, graceEnds }
  return { type: 'space.level', atMs, data: { space: path, ...both, ...numbers } }
}

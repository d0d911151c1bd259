import { selfAndAncestors } from '../../core/path.ts'
import type { Lock, Locks } from '../../core/state.ts'
import type { Database } from './database.ts'
import { inTree } from './tables/paths.ts'

const LOCK = `token, path AS root, scope, depth, owner, creator, timeout_seconds AS timeoutSeconds,
  expires_ms AS expiresMs`

export function sqliteLocks(database: Database): Locks {
  const rows = (sql: string, ...values: (string | number | null)[]): readonly Lock[] =>
    database.prepare(`SELECT ${LOCK} FROM lock WHERE ${sql}`).all(...values) as unknown as readonly Lock[]
  const count = (where: string, ...values: (string | number | null)[]): number =>
    Number(database.prepare(`SELECT count(*) AS count FROM lock WHERE ${where}`).get(...values)?.count)
  return {
    async onTheWayTo(paths, nowMs) {
      const all = JSON.stringify([...new Set(paths.flatMap(selfAndAncestors))])
      return rows('path IN (SELECT value FROM json_each(?)) AND expires_ms > ? ORDER BY path', all, nowMs)
    },
    async below(path, nowMs, most) {
      const [, first, last] = inTree(path)
      return rows('path > ? AND path < ? AND expires_ms > ? ORDER BY path LIMIT ?', first, last, nowMs, most)
    },
    find: async (token, nowMs) => rows('token = ? AND expires_ms > ?', token, nowMs)[0] ?? null,
    all: async (nowMs) => rows('expires_ms > ? ORDER BY path', nowMs),
    insert: async (_tx, lock, { mostPerCreator, most, nowMs }) =>
      database.growth(() => {
        if (count('expires_ms > ?', nowMs) >= most) return 'server'
        if (count('creator IS ? AND expires_ms > ?', lock.creator, nowMs) >= mostPerCreator) return 'creator'
        const sql = `INSERT INTO lock (token, path, scope, depth, owner, creator, timeout_seconds, expires_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
        const { token, root, scope, depth, owner, creator, timeoutSeconds, expiresMs } = lock
        database.prepare(sql).run(token, root, scope, depth, owner, creator, timeoutSeconds, expiresMs)
        return null
      }),
    async refresh(_tx, token, expiresMs, timeoutSeconds) {
      const sql = 'UPDATE lock SET expires_ms = ?, timeout_seconds = ? WHERE token = ?'
      database.transaction(() => database.prepare(sql).run(expiresMs, timeoutSeconds, token))
    },
    async remove(_tx, token) {
      database.transaction(() => database.prepare('DELETE FROM lock WHERE token = ?').run(token))
    },
    async purge(nowMs) {
      const sql = 'DELETE FROM lock WHERE expires_ms <= ?'
      if (count('expires_ms <= ?', nowMs) > 0) database.transaction(() => database.prepare(sql).run(nowMs))
    },
  }
}

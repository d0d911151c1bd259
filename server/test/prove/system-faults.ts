import assert from 'node:assert/strict'
import { join } from 'node:path'
import { folderInMemory } from '../support/folder.ts'
import type { Lifetime } from '../support/lifetime.ts'
import type { ServerProcess } from '../support/process.ts'
import { failCall, type Injection, SIDES } from '../support/strace.ts'
import { missingTool } from '../support/tools.ts'
import { requireCounted, treeAt } from './inspect.ts'
import type { Proof } from './proof.ts'
import { type Answered, prepareAnew, SINGLES, type Single } from './singles.ts'
import { LIMIT_BYTES, outcomeOf, requireOneOf, startSingle } from './steps.ts'
import { linesOf } from './tree.ts'

const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  pwrite64: ['ENOSPC', 'EDQUOT', 'EIO', '0'],
  fsync: ['ENOSPC', 'EDQUOT', 'EIO'],
  fdatasync: ['ENOSPC', 'EDQUOT', 'EIO'],
  rename: ['ENOSPC', 'EDQUOT', 'EIO'],
  mkdir: ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE'],
  openat: ['EMFILE', 'ENFILE', 'EIO', 'ENOSPC'],
  unlink: ['EIO'],
  rmdir: ['EIO'],
  utimensat: ['EIO'],
  ftruncate: ['EIO'],
  copy_file_range: ['ENOSPC', 'EDQUOT', 'EIO'],
  sendfile: ['ENOSPC', 'EDQUOT', 'EIO'],
  statx: ['EIO'],
  readlink: ['EIO'],
  getdents64: ['EIO'],
}

/** Every failure of a system call that is tried. */
export const INJECTIONS: readonly Injection[] = Object.entries(ANSWERS).flatMap(([call, answers]) =>
  answers.map((answer) => ({ call, answer })),
)

export const systemFaults: Proof = {
  name: 'system',
  does: 'A request, system calls and errors are drawn: ENOSPC, EDQUOT, EIO, EMFILE, ENFILE or a write of no byte. The first such call of a real server during the request fails, then the second, until none is left: those of the thread that answers, then those of the threads that work on files. What was answered must be so: a success is all there, a 507, 503 or 4xx has changed nothing, after a 500 it is all of the old or all of the new. After a new start nothing is staged or reserved, and the counters are right.',
  cannotSee:
    'Errors of several calls in one request, and a short write that wrote something: that is what the tests on full file systems are for.',
  skip: missingTool('strace'),
  async round({ random, life }) {
    const single = random.pick(SINGLES)
    const failings = Array.from({ length: KINDS }, () => ({ ...random.pick(INJECTIONS), most: MOST_CALLS }))
    const kinds = await failEach(life, single, failings)
    const faults = Object.values(kinds).reduce((sum, count) => sum + count, 0)
    return { faults, operations: faults, kinds }
  },
}

const KINDS = 4
const MOST_CALLS = 60
// It is the server that is too busy, and the next moment it is not: 503, never 500.
const TOO_MANY_OPEN: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE'])
// What the server says when something is left for its next start, which then may find counters to put right. What comes
// after that without a start is seen by test/fault/postponed.test.ts.
const LEFT_TO_RECOVERY = /is postponed|left to recovery|could not be written down/

/** The failures of one system call during a request: of the first, the second and so on up to `most`. */
export interface Failing extends Injection {
  readonly most: number
}

/** Fails the calls of a request one after the other, as long as there are more. @returns how many of which kind */
export async function failEach(
  life: Lifetime,
  single: Single,
  failings: readonly Failing[],
): Promise<Record<string, number>> {
  const folder = folderInMemory(life)
  const output = join(folderInMemory(life), 'trace')
  let server = await startSingle(life, folder)
  const after = await outcomeOf(server, folder, single)
  const kinds: Record<string, number> = {}
  const striking = failings.flatMap((failing) => SIDES.map((side) => ({ ...failing, side })))
  for (const { most, side, ...injection } of striking) {
    const kind = `${injection.answer === '0' ? 'no byte' : injection.answer} from ${injection.call}`
    for (let nth = 1; nth <= most; nth += 1) {
      await prepareAnew(server, folder, single)
      const before = linesOf(await treeAt(server, folder, '/x'))
      const watcher = await failCall(server.pid, injection, { nth, side, output })
      const answered = await single.request(server)
      const isStruck = await watcher.detach()
      if (!isStruck) break
      kinds[kind] = (kinds[kind] ?? 0) + 1
      if (LEFT_TO_RECOVERY.test(server.log())) server = await restart(life, folder, server)
      const when = `${single.name}, ${kind} ${nth} on the ${side} side, answered ${answered.status}`
      if (TOO_MANY_OPEN.has(injection.answer)) assert.notEqual(answered.status, 500, when)
      const allowed = statesBehind(answered, { before, after })
      requireOneOf(allowed, linesOf(await treeAt(server, folder, '/x')), when)
    }
  }
  server = await restart(life, folder, server)
  await server.kill()
  return kinds
}

/** What an answer says of the tree. */
function statesBehind(
  { status, missing }: Answered,
  { before, after }: { before: readonly string[]; after: readonly string[] },
): readonly (readonly string[])[] {
  if (status === 500) return [before, after]
  if (status >= 400) return [before]
  const isMissing = (line: string) =>
    missing.some((path) => line.startsWith(`${path} `) || line.startsWith(`${path}/`))
  return [after.filter((line) => !isMissing(line))]
}

async function restart(life: Lifetime, folder: string, server: ServerProcess): Promise<ServerProcess> {
  await server.kill()
  const next = await startSingle(life, folder)
  await requireCounted(next, { folder, limitBytes: LIMIT_BYTES })
  return next
}

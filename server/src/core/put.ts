import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { largestFileBytes, requireFileSize } from './file-size.ts'
import { type Change, changesOfName, type Guard, requireAllowed, requireParent } from './guard.ts'
import { type ResourcePath, ROOT } from './path.ts'
import { whenSettled } from './postponed.ts'
import { abandon, publish } from './publish.ts'
import { NOTHING, type Resource, type Totals } from './resource.ts'
import { type Reservation, reserve, type Want } from './space.ts'
import type { Staged } from './store.ts'
import type { Tx } from './tx.ts'

/** What is known of an upload before its body. */
export interface PutHead {
  readonly path: ResourcePath
  readonly guard: Guard
  /** From Content-Length; null when the body comes in chunks. */
  readonly declaredBytes: number | null
  /** What the client expects to send in chunks; decides the early refusal, never the end of the body. */
  readonly hintedBytes: number | null
  /** Refuses with 'already-exists' to replace anything: for the empty file of a lock. */
  readonly onlyNew?: boolean
}

export interface Put extends PutHead {
  /** The first pull tells the client to go on (100 Continue). */
  readonly body: AsyncIterable<Uint8Array>
  /** The modification time to show, in milliseconds to the second; null for the time of the upload. */
  readonly modifiedMs: number | null
  /** The media type to remember; null to forget an older one. */
  readonly contentType: string | null
  /** Runs in the critical section before the file appears; if it throws, nothing appears. */
  readonly beforeCommit?: (tx: Tx) => Promise<void>
}

export interface PutOutcome {
  readonly created: boolean
  readonly resource: Resource
}

/**
 * Stores a file whole or leaves everything as it was: content, properties and space (RFC 4918 §9.7).
 *
 * All that can be refused is refused before the first byte of the body is asked for. No lock is held while the
 * body arrives, so everything is checked again before it becomes visible.
 * @throws DavError 'file-too-large' | 'overloaded' | 'too-many-requests' | 'parent-missing' |
 *   'method-not-allowed' | 'precondition-failed' | 'quota-exceeded' | 'disk-full' | 'body-incomplete' | 'io-error'
 */
export async function put(deps: Deps, request: Put): Promise<PutOutcome> {
  requireAdmission(deps, request)
  const id = deps.newId()
  // Before anything is awaited: this entry is the upload slot.
  deps.running.set(id, { user: request.guard.user, takesSlot: true, written: NOTHING })
  try {
    const want = await wantOf(deps, request, id)
    const reservation = await reserve(deps, want)
    return await receive(deps, { ...request, maxFileBytes: want.maxFileBytes }, reservation)
  } finally {
    deps.running.delete(id)
  }
}

/** What is refused without a look at any resource. @throws 'file-too-large' | 'overloaded' | 'too-many-requests' */
export function requireAdmission(deps: Deps, request: PutHead): void {
  const { maxFileBytes } = deps.limits
  requireFileSize(announcedBytes(request), maxFileBytes, { path: request.path, refusal: 'file-too-large' })
  requireSlot(deps, request.guard.user)
}

export interface PutWant extends Want {
  /** The largest file that is taken there; null for no bound. */
  readonly maxFileBytes: number | null
}

/** What room an upload needs, once everything else has been checked that can be refused before its body. */
export async function wantOf(deps: Deps, request: PutHead, id: string): Promise<PutWant> {
  const { path } = request
  const maxFileBytes = await largestFileBytes(deps, path)
  requireFileSize(announcedBytes(request), maxFileBytes, { path, refusal: 'file-too-large' })
  const before = await checkWritable(deps, request)
  return {
    id,
    kind: 'put',
    path,
    bytes: request.declaredBytes ?? request.hintedBytes ?? 0,
    entries: 1,
    replaces: { ...replacing(before), propertyBytes: 0 },
    maxFileBytes,
  }
}

function announcedBytes({ declaredBytes, hintedBytes }: PutHead): number {
  return Math.max(declaredBytes ?? 0, hintedBytes ?? 0)
}

interface Receiving extends Put {
  readonly maxFileBytes: number | null
}

async function receive(deps: Deps, request: Receiving, reservation: Reservation): Promise<PutOutcome> {
  let staged: Staged | null = null
  try {
    staged = await deps.store.stage(request.path, reservation.id)
    reservation.wrote({ bytes: 0, entries: 1 })
    const bytes = await staged.append(metered(request, reservation), request.modifiedMs ?? undefined)
    return await commit(deps, request, { staged, bytes, reservation })
  } catch (error) {
    await abandon(deps, reservation, staged)
    throw error
  }
}

interface Received {
  readonly staged: Staged
  readonly bytes: number
  readonly reservation: Reservation
}

function commit(deps: Deps, request: Put, received: Received): Promise<PutOutcome> {
  const { path } = request
  return whenSettled(deps, [path], async (tx) => {
    // Checked a second time, inside the critical section: the upload may have taken an hour, and another client
    // may have replaced or removed the resource or its parent since the first check.
    const before = await checkWritable(deps, request)
    // So may a folder with a bound of its own have taken the place of its parent.
    requireFileSize(received.bytes, await largestFileBytes(deps, path), { path, refusal: 'file-too-large' })
    await request.beforeCommit?.(tx)
    const resource = await publish(deps, tx, {
      kind: 'put',
      reservation: received.reservation,
      staged: received.staged,
      intent: {
        bytes: received.bytes,
        entries: 1,
        replaces: replacing(before),
        contentType: request.contentType,
      },
    })
    return { created: before === null, resource }
  })
}

async function checkWritable(deps: Deps, request: PutHead): Promise<Resource | null> {
  const before = await deps.store.stat(request.path)
  if (before !== null && request.onlyNew) {
    throw new DavError('already-exists', 'the resource was created meanwhile', { path: request.path })
  }
  if (before?.kind === 'collection' || request.path === ROOT) {
    throw new DavError('method-not-allowed', 'a collection cannot be replaced by a file', {
      path: request.path,
    })
  }
  if (before === null) await requireParent(deps, request.path)
  const changes = before === null ? changesOfName(request.path, null) : [contentOf(request.path)]
  await requireAllowed(deps, request.guard, { path: request.path, current: before, changes })
  return before
}

function replacing(before: Resource | null): Totals {
  return { bytes: before?.bytes ?? 0, entries: before === null ? 0 : 1 }
}

function contentOf(path: ResourcePath): Change {
  return { path, what: 'content' }
}

/** Counts what comes in, and makes room before a chunk is handed on, never after. */
async function* metered(request: Receiving, reservation: Reservation): AsyncGenerator<Uint8Array> {
  let receivedBytes = 0
  for await (const chunk of request.body) {
    // What was handed on before is on the disk once the next chunk is asked for.
    reservation.wrote({ bytes: receivedBytes, entries: 1 })
    receivedBytes += chunk.byteLength
    requireFileSize(receivedBytes, request.maxFileBytes, { path: request.path, refusal: 'file-too-large' })
    await reservation.cover(receivedBytes)
    yield chunk
  }
  reservation.wrote({ bytes: receivedBytes, entries: 1 })
  if (request.declaredBytes !== null && receivedBytes !== request.declaredBytes) {
    throw new DavError(
      'body-incomplete',
      `${request.declaredBytes} bytes were announced and ${receivedBytes} arrived`,
      { path: request.path },
    )
  }
}

function requireSlot(deps: Deps, user: string | null): void {
  const { uploads, uploadsPerUser } = deps.limits
  const running = [...deps.running.values()].filter(({ takesSlot }) => takesSlot)
  if (running.length >= uploads) {
    throw new DavError('overloaded', `${uploads} uploads are running already`, { retryAfterSeconds: 5 })
  }
  if (running.filter((claim) => claim.user === user).length >= uploadsPerUser) {
    throw new DavError('too-many-requests', `${uploadsPerUser} of your uploads are running already`, {
      retryAfterSeconds: 5,
    })
  }
}

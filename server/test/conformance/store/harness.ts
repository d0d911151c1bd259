import assert from 'node:assert/strict'
import { type ResourcePath, resourcePath } from '../../../src/core/path.ts'
import type { Resource, Totals } from '../../../src/core/resource.ts'
import type { ResourceStore, Staged } from '../../../src/core/store.ts'
import type { Tx } from '../../../src/core/tx.ts'
import type { Case } from '../cases.ts'

export interface StoreUnderTest {
  readonly store: ResourceStore
  /** Runs `work` in a transaction that the driver understands. */
  inTx<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Where the tree lies as plain files; null for a driver whose tree is not in a folder. */
  readonly folder: string | null
}

export type StoreCase = Case<StoreUnderTest>

/** `'/a/b'` as a path. */
export function at(path: string): ResourcePath {
  return resourcePath(path.split('/').filter((segment) => segment !== ''))
}

let ids = 0

export function newId(): string {
  ids += 1
  return `id-${ids}`
}

export async function* chunksOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

/** A body that breaks off after `parts`. */
export async function* breakingOff(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  yield* chunksOf(...parts)
  throw new Error('the client has gone')
}

export async function stage({ store }: StoreUnderTest, path: string, text: string): Promise<Staged> {
  const staged = await store.stage(at(path), newId())
  await staged.append(chunksOf(text))
  return staged
}

/** Stages and commits. */
export async function write(subject: StoreUnderTest, path: string, text: string): Promise<Resource> {
  const staged = await stage(subject, path, text)
  return await subject.inTx((tx) => staged.commit(tx, at(path)))
}

export async function makeCollection(subject: StoreUnderTest, path: string): Promise<Resource> {
  const staged = await subject.store.stageCollection(at(path), newId())
  return await subject.inTx((tx) => staged.commit(tx, at(path)))
}

export async function remove({ store, inTx }: StoreUnderTest, path: string): Promise<void> {
  assert.equal(await inTx((tx) => store.remove(tx, at(path), newId())), 'freed')
}

/** The whole content as text; null where there is no file. */
export async function read({ store }: StoreUnderTest, path: string): Promise<string | null> {
  const content = await store.open(at(path))
  if (content === null) return null
  try {
    const { bytes } = content.resource
    return bytes === 0 ? '' : Buffer.from(content.bytes(0, bytes - 1)).toString()
  } finally {
    await content.close()
  }
}

/** The paths of all members, sorted. */
export async function list({ store }: StoreUnderTest, path: string): Promise<string[]> {
  const found: string[] = []
  for await (const page of store.list(at(path))) found.push(...page.map((resource) => resource.path))
  return found.sort()
}

export async function measure({ store }: StoreUnderTest, path: string): Promise<Totals> {
  let totals: Totals | null = null
  for await (const sum of store.measure(at(path))) totals = sum
  assert.ok(totals !== null, 'nothing was yielded')
  return totals
}

/** A predicate for `assert.rejects`. */
export function withCode(...codes: readonly string[]) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof Error && 'code' in error, String(error))
    assert.ok(codes.includes(String(error.code)), `${error.code}: ${error.message}`)
    return true
  }
}

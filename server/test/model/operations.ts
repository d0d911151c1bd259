import fc from 'fast-check'
import { copyTree } from '../../src/core/copy.ts'
import type { Deps } from '../../src/core/deps.ts'
import { DavError } from '../../src/core/errors.ts'
import { moveTree } from '../../src/core/move.ts'
import { contains } from '../../src/core/path.ts'
import { updateProperties } from '../../src/core/proppatch.ts'
import { at, mkcol, putText, removeAt, UNCONDITIONAL } from '../fault/harness.ts'

/** What clients ask of the tree; `/a` and `/b` are there from the beginning and are never named themselves. */
export type Operation =
  | { readonly does: 'put'; readonly path: string; readonly text: string; readonly declared: boolean }
  | { readonly does: 'mkcol'; readonly path: string }
  | { readonly does: 'remove'; readonly path: string }
  | { readonly does: 'set'; readonly path: string; readonly value: string | null }
  | Transfer

export interface Transfer {
  readonly does: 'copy' | 'move'
  readonly from: string
  readonly to: string
  readonly overwrite: boolean
  readonly depth: '0' | 'infinity'
}

/** 'ok', or the code of the refusal. */
export type Outcome = string

const PATHS = ['/x', '/y', '/a/x', '/a/y', '/a/c', '/a/c/x', '/b/x', '/b/c', '/b/c/x', '/b/c/y'] as const

// Lengths that add up to the limits to the byte, and to one byte more.
const text = fc
  .tuple(fc.constantFrom('k', 'l', 'm'), fc.constantFrom(0, 1, 10, 20, 30, 40, 60))
  .map(([letter, length]) => letter.repeat(length))

/** Few places, so that operations at the same time are in each other's way. */
const NEAR_PATHS = ['/x', '/a/x', '/a/c', '/a/c/x'] as const

export const OPERATION = operationOn(PATHS)
export const OPERATION_NEARBY = operationOn(NEAR_PATHS)

function operationOn(paths: readonly string[]): fc.Arbitrary<Operation> {
  const path = fc.constantFrom(...paths)
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant('put'), path, text, declared: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('mkcol'), path }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('remove'), path }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('set'), path, value: fc.option(text) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        does: fc.constantFrom('copy', 'move'),
        from: path,
        to: path,
        overwrite: fc.boolean(),
        depth: fc.constantFrom('infinity', 'infinity', '0'),
      }),
    },
  )
}

/** Runs an operation of the server's core. Anything but a refusal flies. */
export async function perform(deps: Deps, operation: Operation): Promise<Outcome> {
  try {
    return await outcomeOf(deps, operation)
  } catch (error) {
    if (!(error instanceof DavError)) throw error
    return error.code
  }
}

async function outcomeOf(deps: Deps, operation: Operation): Promise<Outcome> {
  switch (operation.does) {
    case 'put':
      await putText(deps, operation.path, operation.text, {
        declaredBytes: operation.declared ? operation.text.length : null,
        contentType: null,
      })
      return 'ok'
    case 'mkcol':
      await mkcol(deps, operation.path)
      return 'ok'
    case 'remove':
      await removeAt(deps, operation.path)
      return 'ok'
    case 'set': {
      const failure = await updateProperties(deps, {
        path: at(operation.path),
        guard: UNCONDITIONAL,
        changes: [{ ...PROPERTY, value: operation.value, chargedBytes: operation.value?.length ?? 0 }],
        modifiedMs: null,
        refused: null,
      })
      return failure?.error.code ?? 'ok'
    }
    default:
      return await transfer(deps, operation)
  }
}

export const PROPERTY = { ns: 'urn:z', local: 'p' }

async function transfer(deps: Deps, { does, from, to, overwrite, depth }: Transfer): Promise<Outcome> {
  const paths = { from: at(from), to: at(to), overwrite, guard: UNCONDITIONAL }
  const { failures } = await (does === 'copy' ? copyTree(deps, { ...paths, depth }) : moveTree(deps, paths))
  return failures.length === 0 ? 'ok' : 'members-failed'
}

/**
 * Whether a tree is copied in which something else is changed. A copy reads member after member, so what it finds may
 * never have been there at one moment, and a member that has gone is told in a 207 (RFC 4918 §9.8.3).
 */
export function copyWhatChanges(operations: readonly Operation[]): boolean {
  return operations.some((copying) => {
    if (copying.does !== 'copy' || !COLLECTIONS.includes(copying.from)) return false
    const others = operations.filter((other) => other !== copying).flatMap(pathsOf)
    return others.some((other) => contains(at(copying.from), at(other)))
  })
}

// Of the places, those that others lie below.
const COLLECTIONS: readonly string[] = ['/a/c', '/b/c']

function pathsOf(operation: Operation): readonly string[] {
  return 'path' in operation ? [operation.path] : [operation.from, operation.to]
}

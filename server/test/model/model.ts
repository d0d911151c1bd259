import { contains, parentOf, type ResourcePath } from '../../src/core/path.ts'
import { at } from '../fault/harness.ts'
import type { Operation, Outcome, Transfer } from './operations.ts'

interface Node {
  /** Null for a collection. */
  readonly text: string | null
  readonly property: string | null
}

/** The tree as the standards have it; never changed, only replaced. */
export type Model = ReadonlyMap<ResourcePath, Node>

const COLLECTION: Node = { text: null, property: null }

export const BEGINNING: Model = new Map(['/', '/a', '/b'].map((path) => [at(path), COLLECTION]))

/** What a collection and everything below it may have in bytes. */
export const LIMITS: ReadonlyMap<ResourcePath, number> = new Map([
  [at('/'), 150],
  [at('/a'), 80],
])

export interface Step {
  readonly outcome: Outcome
  readonly model: Model
}

/** What an operation does where nothing else happens. */
export function apply(model: Model, operation: Operation): Step {
  const refusal = refusalOf(model, operation)
  if (refusal !== null) return { outcome: refusal, model }
  const after = effectOf(model, operation)
  if (passedLimits(model, after, operation).length > 0) return { outcome: 'quota-exceeded', model }
  return { outcome: 'ok', model: after }
}

/** By how much an operation makes a limited collection grow, if it is carried out; 0 where it is refused anyway. */
export function growthOf(model: Model, operation: Operation, space: ResourcePath): number {
  if (refusalOf(model, operation) !== null) return 0
  return Math.max(0, usedBytes(effectOf(model, operation), space) - usedBytes(model, space))
}

export function usedBytes(model: Model, space: ResourcePath): number {
  return entriesIn(model, space).reduce((sum, [, node]) => sum + chargeOf(node), 0)
}

/** All of it in words, a line each. */
export function linesOf(model: Model): readonly string[] {
  return [...model]
    .filter(([path]) => path !== '/')
    .map(([path, { text, property }]) => lineOf(path, text, property))
    .sort()
}

export function lineOf(path: string, text: string | null, property: string | null): string {
  return `${path} ${text ?? 'collection'} (${property ?? ''})`
}

function chargeOf({ text, property }: Node): number {
  return (text?.length ?? 0) + (property?.length ?? 0)
}

function entriesIn(model: Model, top: ResourcePath): readonly (readonly [ResourcePath, Node])[] {
  return [...model].filter(([path]) => contains(top, path))
}

/** What keeps an operation from being tried, in the order of the status table. */
function refusalOf(model: Model, operation: Operation): Outcome | null {
  if (isTransfer(operation)) return transferRefusal(model, operation)
  const path = at(operation.path)
  const there = model.get(path)
  switch (operation.does) {
    case 'put':
      if (there?.text === null) return 'method-not-allowed'
      return there === undefined && !hasParent(model, path) ? 'parent-missing' : null
    case 'mkcol':
      if (there !== undefined) return 'already-exists'
      return hasParent(model, path) ? null : 'parent-missing'
    default:
      return there === undefined ? 'not-found' : null
  }
}

function isTransfer(operation: Operation): operation is Transfer {
  return operation.does === 'copy' || operation.does === 'move'
}

function transferRefusal(model: Model, { does, overwrite, ...transfer }: Transfer): Outcome | null {
  const [from, to] = [at(transfer.from), at(transfer.to)]
  if (does === 'move' && contains(from, to)) return 'forbidden'
  if (!model.has(from)) return 'not-found'
  if (contains(to, from)) return 'forbidden'
  if (!hasParent(model, to)) return 'parent-missing'
  return model.has(to) && !overwrite ? 'precondition-failed' : null
}

function hasParent(model: Model, path: ResourcePath): boolean {
  return model.get(parentOf(path))?.text === null
}

function effectOf(model: Model, operation: Operation): Model {
  if (isTransfer(operation)) return transferred(model, operation)
  const path = at(operation.path)
  const there = model.get(path)
  switch (operation.does) {
    case 'put':
      return new Map([...model, [path, { text: operation.text, property: there?.property ?? null }]])
    case 'mkcol':
      return new Map([...model, [path, COLLECTION]])
    case 'set':
      return new Map([...model, [path, { text: there?.text ?? null, property: operation.value }]])
    case 'remove':
      return without(model, path)
  }
}

function transferred(model: Model, { does, depth, ...transfer }: Transfer): Model {
  const [from, to] = [at(transfer.from), at(transfer.to)]
  const arriving = entriesIn(model, from)
    .filter(([path]) => does === 'move' || depth === 'infinity' || path === from)
    .map(([path, node]) => [`${to}${path.slice(from.length)}` as ResourcePath, node] as const)
  const rest = without(does === 'move' ? without(model, from) : model, to)
  return new Map([...rest, ...arriving])
}

function without(model: Model, top: ResourcePath): Model {
  return new Map([...model].filter(([path]) => !contains(top, path)))
}

/** What stays within a limit, or grows no more than it gives back, passes none. */
function passedLimits(before: Model, after: Model, operation: Operation): readonly ResourcePath[] {
  return [...LIMITS]
    .filter(([space, limit]) => {
      const used = usedBytes(after, space)
      const staysInside = operation.does === 'move' && contains(space, at(operation.from))
      return !staysInside && used > usedBytes(before, space) && used > limit
    })
    .map(([space]) => space)
}

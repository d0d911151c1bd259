import { apply, growthOf, LIMITS, type Model, usedBytes } from './model.ts'
import type { Operation, Outcome } from './operations.ts'

export interface Done {
  readonly operation: Operation
  readonly outcome: Outcome
}

/**
 * Every state that can be reached by doing the operations one after the other, in some order, with the outcomes they
 * had. One that was refused for want of room did nothing; whether it had to be is another question.
 */
export function orders(model: Model, done: readonly Done[]): readonly Model[] {
  if (done.length === 0) return [model]
  return done.flatMap((first, index) => {
    const rest = done.filter((_, other) => other !== index)
    if (first.outcome === 'quota-exceeded') return orders(model, rest)
    const step = apply(model, first.operation)
    return step.outcome === first.outcome ? orders(step.model, rest) : []
  })
}

/**
 * Operations that were refused for want of room although the limits have room for all of them together, whatever came
 * first and whatever was still promised.
 */
export function needlesslyRefused(model: Model, done: readonly Done[]): readonly Done[] {
  const growing = [...LIMITS].filter(([space, limit]) => {
    const wanted = done.reduce((sum, { operation }) => sum + mostGrowth(model, done, operation, space), 0)
    return usedBytes(model, space) + wanted > limit
  })
  return growing.length > 0 ? [] : done.filter(({ outcome }) => outcome === 'quota-exceeded')
}

/** The most that an operation can make a space grow after any of the others alone, or at once. */
function mostGrowth(
  model: Model,
  done: readonly Done[],
  operation: Operation,
  space: Parameters<typeof growthOf>[2],
) {
  const states = [model, ...done.map((other) => apply(model, other.operation).model)]
  return Math.max(...states.map((state) => growthOf(state, operation, space)))
}

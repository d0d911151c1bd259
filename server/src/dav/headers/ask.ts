import { DavError } from '../../core/errors.ts'
import type { DavRequest } from '../request.ts'

/** The methods about which OPTIONS can ask whether they would find room. */
export type Askable = 'PUT' | 'COPY'

/**
 * @returns null when nothing was asked
 * @throws DavError 'question-unclear' for a method that cannot be asked about
 */
export function parseAsk(value: string | undefined): Askable | null {
  if (value === undefined) return null
  const method = value.trim()
  if (method === 'PUT' || method === 'COPY') return method
  throw new DavError(
    'question-unclear',
    `Plimsoll-Ask must be PUT or COPY, not ${JSON.stringify(method.slice(0, 40))}`,
  )
}

export function isQuestion({ method, header }: DavRequest): boolean {
  return method === 'OPTIONS' && header('plimsoll-ask') !== undefined
}

/** The method that a request is about: the one it asks about, else its own. */
export function methodMeant(request: DavRequest): string {
  return (isQuestion(request) ? request.header('plimsoll-ask')?.trim() : undefined) ?? request.method
}

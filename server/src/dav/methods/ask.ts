import { askCopy, askPut } from '../../core/ask.ts'
import type { Deps } from '../../core/deps.ts'
import { DavError } from '../../core/errors.ts'
import { guardOf } from '../guard.ts'
import type { Askable } from '../headers/ask.ts'
import { parseByteCount } from '../headers/length.ts'
import type { Protocol } from '../methods.ts'
import type { Call } from '../request.ts'
import { copyOf } from './copy-move.ts'
import { requireWholeFile } from './put.ts'

/**
 * Answers an OPTIONS that asks whether a PUT or COPY with these very headers would find room.
 * @returns what is added to the answer of a plain OPTIONS
 * @throws DavError what the request itself would be refused with, or 'question-unclear'
 */
export async function answerTo(
  asked: Askable,
  deps: Deps,
  call: Call,
  protocol: Protocol,
): Promise<Record<string, string>> {
  if (!protocol.methods.has(asked)) {
    throw new DavError('method-not-allowed', `${asked} is not offered here`, {
      allow: [...protocol.methods.keys()],
    })
  }
  return { 'Plimsoll-Answer': `fits; available=${await ASK[asked](deps, call)}` }
}

const ASK: Readonly<Record<Askable, (deps: Deps, call: Call) => Promise<number>>> = {
  PUT: async (deps, call) => {
    requireWholeFile(call)
    return await askPut(deps, {
      path: call.path,
      guard: guardOf(call),
      declaredBytes: lengthOf(call),
      hintedBytes: null,
    })
  },
  COPY: async (deps, call) => await askCopy(deps, await copyOf(deps, call)),
}

function lengthOf({ request }: Call): number {
  const name = 'X-Expected-Entity-Length'
  try {
    const bytes = parseByteCount(name, request.header('x-expected-entity-length'))
    if (bytes !== null) return bytes
  } catch (error) {
    throw error instanceof DavError ? new DavError('question-unclear', error.message) : error
  }
  throw new DavError('question-unclear', `${name} must say how many bytes the file would have`)
}

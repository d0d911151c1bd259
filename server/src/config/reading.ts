import { z } from 'zod'

/** A path of the operating system, as somebody wrote it. */
export const path = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\0'))

/** Reads with `read`, whose error is a sentence for the person who wrote the value. */
export function attempt<Value>(context: z.RefinementCtx, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message, params: { isSentence: true } })
    return z.NEVER
  }
}

import { z } from 'zod'
import { formatSize } from '../core/format-size.ts'
import { parseSize } from './size.ts'

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

/** A number of bytes. */
export const size = z
  .union([z.string(), z.number()])
  .transform((written, context) => attempt(context, () => parseSize(String(written))))

export const sizeOrNone = z.union([z.literal('none').transform(() => null), size])

/** Sizes as people read them, with the exact number beside. */
export function showSize(absent: string): (value: number | null) => string {
  return (value) => {
    if (value === null) return absent
    return value < 1024 ? formatSize(value) : `${formatSize(value)} (${value} bytes)`
  }
}

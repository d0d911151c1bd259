import { z } from 'zod'

/** A path of the operating system, as somebody wrote it. */
export const path = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\0'))

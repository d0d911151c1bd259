import { setTimeout as wait } from 'node:timers/promises'

/** Looks until something is so, for what happens after an answer or without one. @throws Error after ten seconds */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await isSo()) return
    await wait(10)
  }
  throw new Error(`it did not happen that ${what}`)
}

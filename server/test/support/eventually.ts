import { setTimeout as wait } from 'node:timers/promises'
import type { TestServer } from './server.ts'

/** Looks until something is so, for what happens after an answer or without one. @throws Error when it takes longer */
export async function eventually(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { seconds = 10 }: { readonly seconds?: number } = {},
): Promise<void> {
  for (let tries = 0; tries < seconds * 100; tries++) {
    if (await isSo()) return
    await wait(10)
  }
  throw new Error(`it did not happen that ${what}`)
}

/** Waits until the server has done with so many requests of this line, whether it could answer them or not. */
export async function requestEnded(server: TestServer, line: string, times = 1): Promise<void> {
  await eventually(`${line} ended`, () => {
    const { requests } = server.log
    return requests.filter(({ method, path }) => `${method} ${path}` === line).length >= times
  })
}

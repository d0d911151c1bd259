import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask } from './ask.ts'
import { type Ended, runCommand } from './command.ts'
import { temporaryFolder } from './folder.ts'
import { type ServerProcess, serverProcess } from './process.ts'

const SCRIPT = fileURLToPath(new URL('./serve-process.ts', import.meta.url))

/** Runs the command beside the server, as its operator would. */
export function plimsoll(...args: readonly string[]): Promise<Ended> {
  return runCommand(process.execPath, [SCRIPT, ...args], { env: { PATH: process.env.PATH } })
}

export interface Scene {
  readonly folder: string
  readonly server: ServerProcess
}

/** `/team` has 3,000 bytes in two files. */
export async function scene(test: TestContext, args: readonly string[] = []): Promise<Scene> {
  const folder = temporaryFolder(test)
  const server = await serverProcess(test, folder, args)
  await ask(server, 'MKCOL /team')
  for (const [name, bytes] of [
    ['a', 1000],
    ['b', 2000],
  ] as const) {
    assert.equal((await ask(server, `PUT /team/${name}`, { body: 'x'.repeat(bytes) })).status, 201)
  }
  return { folder, server }
}

import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { runCommand } from '../../support/command.ts'
import { KIB } from '../../support/content.ts'
import { serverProcess } from '../../support/process.ts'
import { prepared, type Scene } from './scene.ts'
import { type Disk, FILE_SYSTEMS, inFolder, type World } from './world.ts'

const pids = new WeakMap<Scene, number>()

/** The server may open no more files, but for the connection that asks. */
export const openFiles: World = {
  cause: 'K',
  fileSystems: FILE_SYSTEMS,
  begin: processScene,
  status: 503,
  refusal: () => ({ status: 503, condition: 'x:message', header: 'retry-after' }),
  during: (scene, work) => withLimit(scene, ['nofile', String(fewestFiles(pidOf(scene))), '1024'], work),
}

/** The operating system lets the server write no file as large as that of the scene. */
export const fileSizes: World = {
  cause: 'F',
  fileSystems: FILE_SYSTEMS,
  begin: processScene,
  status: 413,
  refusal: () => ({ status: 413, condition: 'x:max-file-size' }),
  during: (scene, work) => withLimit(scene, ['fsize', String(768 * KIB), 'unlimited'], work),
}

async function processScene(test: TestContext, disk: Disk): Promise<Scene> {
  const { folder } = inFolder(disk)
  const { stateDirectory, token } = await prepared({ folder })
  const server = await serverProcess(test, folder, ['--durability', 'full'])
  const scene: Scene = {
    host: server.host,
    port: server.port,
    folder,
    stateDirectory,
    token,
    received: null,
    async end() {
      await server.stop()
      rmSync(folder, { recursive: true })
    },
  }
  pids.set(scene, server.pid)
  return scene
}

function pidOf(scene: Scene): number {
  return pids.get(scene) ?? 0
}

async function withLimit<T>(
  scene: Scene,
  [resource = '', limit = '', after = '']: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const set = async (value: string): Promise<void> => {
    const args = ['--pid', String(pidOf(scene)), `--${resource}=${value}:`]
    const { code, stderr } = await runCommand('prlimit', args)
    assert.equal(code, 0, stderr)
  }
  await set(limit)
  try {
    return await work()
  } finally {
    await set(after)
  }
}

/** One for the connection; the limit bounds the numbers of descriptors, and those in use have gaps. */
function fewestFiles(pid: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let limit = 0
  for (let free = 0; free < 1 || used.has(limit); limit++) free += used.has(limit) ? 0 : 1
  return limit
}

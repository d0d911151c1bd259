import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cannotMount, missingTool } from '../support/tools.ts'
import { run, succeed } from './program.ts'

/** The reason to skip what mounts with davfs2, or false. */
export function cannotMountDavfs(): string | false {
  return (
    missingTool('mount.davfs') ||
    cannotMount() ||
    (!existsSync('/dev/fuse') && 'the kernel of this machine has no FUSE')
  )
}

/**
 * Mounts the server as a file system while `work` runs, with an empty cache. At the end everything is sent and it
 * is unmounted, whatever happened. Only other programs may touch what lies there: a synchronous call of this process
 * would wait for the server, which is this process.
 */
export async function whileMounted(
  url: string,
  work: (at: string) => Promise<void>,
  settings: Readonly<Record<string, number>> = {},
): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'plimsoll-davfs-'))
  const at = join(base, 'mount')
  const configuration = join(base, 'davfs2.conf')
  const cache = join(base, 'cache')
  // The daemon gives root up and becomes the user davfs2.
  chmodSync(base, 0o755)
  mkdirSync(at)
  mkdirSync(cache)
  chmodSync(cache, 0o777)
  const all = { ...SETTINGS, cache_dir: cache, ...settings }
  writeFileSync(configuration, lines(all))
  try {
    await succeed('mount.davfs', ['-o', `conf=${configuration}`, `${url}/`, at])
    await work(at)
  } finally {
    await unmount(at)
    rmSync(base, { recursive: true, force: true })
  }
}

const SETTINGS = {
  ask_auth: 0,
  use_locks: 1,
  gui_optimize: 0,
  delay_upload: 0,
  // Where it keeps what the server refused.
  backup_dir: 'lost+found',
  // In KiB. With the default of 16 it fails to read any folder on kernels since 6.16, with EINVAL.
  buf_size: 256,
}

function lines(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('')
}

async function unmount(at: string): Promise<void> {
  if (!isMounted(at)) return
  // Waits until the daemon has sent everything and ended.
  await run('umount', [at])
  if (isMounted(at)) await run('umount', ['-i', '-l', at])
  if (isMounted(at)) throw new Error(`${at} could not be unmounted`)
}

function isMounted(at: string): boolean {
  return readFileSync('/proc/mounts', 'utf8').includes(` ${at} `)
}

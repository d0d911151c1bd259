import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import type { TestServer } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'
import { type Ended, run } from './program.ts'

/** The reason to skip what runs GNOME's own file access, or false. */
export function noGio(): string | false {
  const dav = ['/usr/libexec/gvfsd-dav', '/usr/lib/gvfs/gvfsd-dav'].some(existsSync)
  return missingTool('gio', 'dbus-run-session') || (!dav && 'not installed: gvfs-backends')
}

/** The reason to skip what uses the file system that GNOME makes of its mounts, or false. */
export function noGioMounts(): string | false {
  const fuse = ['/usr/libexec/gvfsd-fuse', '/usr/lib/gvfs/gvfsd-fuse'].some(existsSync)
  return noGio() || (!(fuse && existsSync('/dev/fuse')) && 'not installed: gvfs-fuse, or no FUSE')
}

export interface GioSession {
  /** HOME of the session. */
  readonly home: string
  /**
   * Runs a shell script with a D-Bus of its own, on which the server is mounted as `$DAV`, without a slash at the
   * end; programs find it under `$MOUNT` too. The first command that fails ends it.
   */
  script(commands: string): Promise<Ended>
}

export function gioSession(test: TestContext, { host, port }: TestServer): GioSession {
  const home = temporaryFolder(test)
  const runtime = join(home, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  const env = {
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    LC_ALL: 'C.UTF-8',
    // Only what is needed: no monitors of disks and phones, no database of settings.
    GIO_USE_VOLUME_MONITOR: 'unix',
    GSETTINGS_BACKEND: 'memory',
    DAV: `dav://${host}:${port}`,
    MOUNT: `${runtime}/gvfs/dav:host=${host},port=${port},ssl=false`,
  }
  return {
    home,
    async script(commands) {
      const file = join(home, 'script.sh')
      writeFileSync(file, `${BEFORE}\n${commands}\n`)
      const ended = await run('dbus-run-session', ['--', 'sh', file], { env })
      await unmountLeft(runtime)
      return ended
    },
  }
}

const BEFORE = `set -eu
end() { gio mount -u "$DAV/" || true; fusermount3 -u "$XDG_RUNTIME_DIR/gvfs" || true; }
trap 'end >/dev/null 2>&1' EXIT
gio mount "$DAV/"`

/** Whatever is still mounted would be emptied with the folder it is in. */
async function unmountLeft(runtime: string): Promise<void> {
  const at = join(runtime, 'gvfs')
  if (!isMounted(at)) return
  await run('fusermount3', ['-u', '-z', at])
  if (isMounted(at)) throw new Error(`${at} could not be unmounted`)
}

function isMounted(at: string): boolean {
  return readFileSync('/proc/mounts', 'utf8').includes(` ${at} `)
}

import { execFileSync } from 'node:child_process'
import { realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Address, ask } from '../../support/ask.ts'
import { KIB, MIB, randomBytes } from '../../support/content.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { setting, update } from '../../support/spawned.ts'
import { fillUp, mountedVolume } from '../../support/volume.ts'
import { type Scene, sceneOf } from './scene.ts'
import {
  DISK,
  type Disk,
  ending,
  FILE_SYSTEMS,
  filled,
  inFolder,
  QUOTA,
  type Refused,
  SIZE_BYTES,
  type World,
} from './world.ts'

export const fullDisk: World = {
  cause: 'C',
  fileSystems: FILE_SYSTEMS,
  begin: async (test, disk) => filled(disk, await sceneOf(test, inFolder(disk))),
  status: 507,
  refusal: ({ whole }) => onDisk(whole),
}

/** The state alone lies on the full disk. */
export const fullStateDisk: World = {
  cause: 'C E H',
  fileSystems: FILE_SYSTEMS,
  async begin(test, disk) {
    const { folder: stateDirectory } = inFolder(disk, 'state')
    const folder = join(temporaryFolder(test), 'files')
    const scene = filled(disk, await sceneOf(test, { folder, stateDirectory }))
    return {
      ...scene,
      async end() {
        await scene.end()
        rmSync(stateDirectory, { recursive: true })
      },
    }
  },
  status: 507,
  refusal: ({ whole }) => onDisk(whole),
}

/** Nothing is kept free, and another program takes the room while the request is on its way. */
export const vanishing: World = {
  cause: 'C',
  fileSystems: FILE_SYSTEMS,
  async begin(test, disk) {
    const more = (server: Address) => makeMany(server, { files: 10, bytes: 512 * KIB, propertyBytes: 0 })
    const scene = await sceneOf(test, { ...inFolder(disk), more, options: () => ({ keepFreeBytes: 0 }) })
    return losing(scene, disk)
  },
  status: 507,
  refusal: () => onDisk(undefined),
  during: givenBack,
}

/** The same on the disk of the state, where the properties of copies wait. */
export const vanishingOfState: World = {
  cause: 'E',
  fileSystems: FILE_SYSTEMS,
  async begin(test, disk) {
    const { folder: stateDirectory } = inFolder(disk, 'state')
    const folder = join(temporaryFolder(test), 'files')
    const more = (server: Address) => makeMany(server, { files: 34, bytes: 10, propertyBytes: 60 * KIB })
    const scene = await sceneOf(test, { folder, stateDirectory, more })
    return losing(scene, disk)
  },
  status: 507,
  refusal: () => onDisk(undefined),
  during: givenBack,
}

async function makeMany(
  server: Address,
  { files, bytes, propertyBytes }: Readonly<Record<'files' | 'bytes' | 'propertyBytes', number>>,
): Promise<void> {
  await ask(server, 'MKCOL /many')
  for (let number = 0; number < files; number++) {
    await ask(server, `PUT /many/${number}`, { body: randomBytes(bytes) })
    const value = Buffer.from(randomBytes(propertyBytes / 2)).toString('hex')
    if (propertyBytes > 0) await update(server, `/many/${number}`, setting('z:color', value))
  }
}

function losing(scene: Scene, { at, type }: Disk): Scene {
  return {
    ...scene,
    otherProgram: {
      takesRoom: () => void fillUp(at, SIZE_BYTES[type]),
      givesItBack: () => rmSync(join(at, 'filler'), { force: true }),
    },
  }
}

async function givenBack<T>(scene: Scene, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    scene.otherProgram?.givesItBack()
    // With room again the state catches up with what it could not write, before it is looked at.
    for (const method of ['MKCOL', 'DELETE']) await ask(scene, `${method} /again`)
  }
}

export const fewInodes: World = {
  cause: 'D',
  fileSystems: ['tmpfs', 'ext4'],
  async begin(test, { type }) {
    const at = mountedVolume(test, type, { sizeBytes: SIZE_BYTES[type], inodes: 128 })
    const scene = await sceneOf(test, inFolder({ type, at }))
    for (let index = 0; index < 128 && statfsSync(at).ffree > 0; index++)
      writeFileSync(join(at, `inode-${index}`), '')
    return scene
  },
  status: 507,
  refusal: ({ names }) => ({
    status: 507,
    condition: DISK,
    storage: { cause: 'inodes', needed: names, available: 0 },
  }),
}

export const systemQuota: World = {
  cause: 'G',
  fileSystems: ['btrfs'],
  async begin(test, disk) {
    const { folder: subvolume } = inFolder(disk, 'quota')
    btrfs('quota', 'enable', disk.at)
    btrfs('subvolume', 'create', subvolume)
    btrfs('qgroup', 'limit', '8M', subvolume)
    const scene = await sceneOf(test, { folder: join(subvolume, 'files') })
    const filler = fillUp(subvolume, 16 * MIB)
    return ending(scene, () => rmSync(filler, { force: true }))
  },
  status: 507,
  refusal: () => ({ status: 507, condition: QUOTA, storage: { cause: 'user-quota' } }),
}

export const readOnly: World = {
  cause: 'L',
  fileSystems: ['ext4', 'btrfs'],
  async begin(test, disk) {
    const stateDirectory = temporaryFolder(test)
    if (disk.type === 'ext4') {
      const at = mountedVolume(test, 'ext4', { sizeBytes: SIZE_BYTES.ext4 })
      const scene = await sceneOf(test, { ...inFolder({ type: 'ext4', at }), stateDirectory })
      failDisk(at)
      return { ...scene, end: async () => {} }
    }
    const { folder: subvolume } = inFolder(disk, 'frozen')
    btrfs('subvolume', 'create', subvolume)
    const scene = await sceneOf(test, { folder: join(subvolume, 'files'), stateDirectory })
    btrfs('property', 'set', '-f', '-ts', subvolume, 'ro', 'true')
    return ending(scene, () => btrfs('property', 'set', '-f', '-ts', subvolume, 'ro', 'false'))
  },
  status: 403,
  refusal: () => ({ status: 403, condition: 'x:read-only' }),
}

function onDisk(needed: number | undefined): Refused {
  const available = needed === undefined ? undefined : 0
  return { status: 507, condition: DISK, storage: { cause: 'disk-bytes', needed, available } }
}

function btrfs(...args: string[]): void {
  execFileSync('btrfs', args, { stdio: 'pipe' })
}

/**
 * What ext4 does after an error of the disk: no remount, which open files would forbid, but from one moment to the
 * next every write fails with EROFS.
 */
function failDisk(at: string): void {
  execFileSync('mount', ['-o', 'remount,errors=remount-ro', at])
  // What only the journal knows is lost with it as soon as the system wants the memory of its copy back.
  execFileSync('sync', ['-f', at])
  const device = execFileSync('findmnt', ['-no', 'SOURCE', at], { encoding: 'utf8' }).trim()
  if (!basename(realpathSync(device)).startsWith('loop')) throw new Error(`${device} is no loop device`)
  writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'test')
}

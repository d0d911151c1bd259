import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { MIB } from '../../support/content.ts'
import { type FileSystem, fillUp } from '../../support/volume.ts'
import type { Look, Scene, Staging } from './scene.ts'

export const FILE_SYSTEMS = ['tmpfs', 'ext4', 'btrfs'] as const satisfies readonly FileSystem[]

export const SIZE_BYTES: Readonly<Record<FileSystem, number>> = {
  tmpfs: 16 * MIB,
  ext4: 24 * MIB,
  btrfs: 128 * MIB,
}

/** A mounted small disk that all worlds of one file system take turns on. */
export interface Disk {
  readonly type: FileSystem
  readonly at: string
}

/** What a request would have to be granted, in the units of the several bounds. */
export interface Needs {
  /** By which the used bytes would grow. */
  readonly growth?: number
  /** What would have to be written. */
  readonly whole?: number
  /** By how many the names would grow, at least one that is staged. */
  readonly names?: number
  /** By which the bytes of properties would grow. */
  readonly properties?: number
}

export interface Refused {
  readonly status: number
  readonly condition: string | null
  /** What must stand in the numbers of the answer, at least; what is undefined is not looked at. */
  readonly storage?: Readonly<Record<string, string | number | undefined>>
  /** A header that must be there. */
  readonly header?: string
}

/** A way to have no room. */
export interface World {
  /** The letters of the causes, in section 1.2 of the requirements. */
  readonly cause: string
  readonly fileSystems: readonly FileSystem[]
  begin(test: TestContext, disk: Disk): Promise<Scene>
  /** The status alone, which the list of cells shows. */
  readonly status: number
  /** How a request is refused that needs so much. */
  refusal(needs: Needs, before: Look): Refused
  /** What holds while the request of a cell is answered, and not while the scene is looked at. */
  readonly during?: <T>(scene: Scene, work: () => Promise<T>) => Promise<T>
}

export const QUOTA = 'D:quota-not-exceeded'
export const DISK = 'D:sufficient-disk-space'

let folders = 0

/** A new folder on the disk. */
export function inFolder({ at }: Disk, name = 'files'): Pick<Staging, 'folder'> {
  folders += 1
  return { folder: join(at, `${name}-${folders}`) }
}

/** Another program uses the last byte of a disk, and gives it back when the scene ends. */
export function filled(disk: Disk, scene: Scene): Scene {
  const filler = fillUp(disk.at, SIZE_BYTES[disk.type])
  return ending(scene, () => rmSync(filler, { force: true }))
}

export function ending(scene: Scene, first: () => void): Scene {
  return {
    ...scene,
    async end() {
      first()
      await scene.end()
    },
  }
}

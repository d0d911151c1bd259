import { randomFillSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ServerOptions } from '../../src/server.ts'
import { MIB } from './content.ts'
import { serverWith, type TestServer } from './server.ts'
import { cannotMount, missingTool } from './tools.ts'
import { type FileSystem, fillUp, mountedVolume } from './volume.ts'

export interface DiskKind {
  readonly type: FileSystem
  readonly sizeBytes: number
  /**
   * Whether the free space it reports can be used to the last byte. btrfs reports some that its own trees then
   * take, the more the more is written at once, and says so only when the bytes are written.
   */
  readonly isExact: boolean
}

/** The file systems of the tests that fill a disk: one in memory, one in place, one that copies on write. */
export const SMALL_DISKS: readonly DiskKind[] = [
  { type: 'tmpfs', sizeBytes: 16 * MIB, isExact: true },
  { type: 'ext4', sizeBytes: 24 * MIB, isExact: true },
  { type: 'btrfs', sizeBytes: 128 * MIB, isExact: false },
]

/** The reason to skip the tests on a kind of disk, or false. */
export function cannotMake({ type }: Pick<DiskKind, 'type'>): string | false {
  return cannotMount() || (type !== 'tmpfs' && missingTool(`mkfs.${type}`))
}

export interface SmallDisk {
  /** The mount point. The served folder is `files` in it, so that other programs can use the disk too. */
  readonly at: string
  readonly server: TestServer
  /** Lets another program write until the disk has no byte left. */
  fill(): void
  /** Lets another program write until the server has `bytes` to give. */
  leave(bytes: number): Promise<void>
}

/** A server without a limit of its own on a disk of its own. */
export async function smallDisk(
  test: TestContext,
  { type, sizeBytes }: Pick<DiskKind, 'type' | 'sizeBytes'>,
  options: Partial<ServerOptions> = {},
): Promise<SmallDisk> {
  const at = mountedVolume(test, type, { sizeBytes })
  const folder = join(at, 'files')
  mkdirSync(folder)
  const server = await serverWith(test, { folder, durability: 'full', ...options })
  return {
    at,
    server,
    fill: () => void fillUp(at, sizeBytes),
    async leave(bytes) {
      const { availableBytes } = await server.space()
      const used = randomFillSync(new Uint8Array(Math.max(0, availableBytes - bytes)))
      writeFileSync(join(at, 'other-program'), used, { flush: true })
    },
  }
}

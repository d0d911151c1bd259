import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ShortageCause } from '../../../src/core/errors.ts'
import { type Charge, NO_LIMITS, type SpaceLimits } from '../../../src/core/ledger.ts'
import type { ResourcePath } from '../../../src/core/path.ts'
import type { ServerOptions } from '../../../src/server.ts'
import { head } from '../../support/answers.ts'
import { eventually } from '../../support/eventually.ts'
import { rawConnection } from '../../support/raw.ts'
import { BIG_BYTES, type Scene, sceneOf, spaceIn } from './scene.ts'
import { DISK, FILE_SYSTEMS, inFolder, QUOTA, type Refused, type World } from './world.ts'
import {
  fewInodes,
  fullDisk,
  fullStateDisk,
  readOnly,
  systemQuota,
  vanishing,
  vanishingOfState,
} from './worlds-of-disks.ts'
import { fileSizes, openFiles } from './worlds-of-processes.ts'

const ONE_LOCK = { cause: 'locks', needed: 1, available: 0, limit: 1 }

/** In the order in which they take turns on a disk. */
export const WORLDS = {
  'room for everything': bounded('–', {}, { status: 507, condition: null }),
  'limit of a user': limited('A', 'user-quota', { limits: ({ bytes }) => ({ limitBytes: bytes }) }),
  'limit of the folder': limited('B', 'collection-quota', { limits: ({ bytes }) => ({ limitBytes: bytes }) }),
  'limit of an inner user': limited('A', 'user-quota', {
    root: '/inner',
    limits: () => ({ limitBytes: 1000 }),
  }),
  'limit of an inner folder': limited('B', 'collection-quota', {
    root: '/inner',
    limits: () => ({ limitBytes: 1000 }),
  }),
  'names of the folder': limited('D', 'entries', { limits: ({ entries }) => ({ limitEntries: entries }) }),
  'names of an inner folder': limited('D', 'entries', {
    root: '/inner',
    limits: () => ({ limitEntries: 1 }),
  }),
  'properties of the folder': limited('E', 'properties', {
    limits: ({ propertyBytes }) => ({ limitPropertyBytes: propertyBytes }),
  }),
  'properties of a resource': bounded(
    'E',
    { limits: { propertyBytesPerResource: 600 } },
    { status: 507, condition: QUOTA },
  ),
  'locks of the server': bounded(
    'H',
    { limits: { locks: 1 } },
    { status: 507, condition: DISK, storage: ONE_LOCK },
  ),
  'locks of a user': bounded(
    'H',
    { limits: { locksPerUser: 1 } },
    { status: 507, condition: QUOTA, storage: ONE_LOCK },
  ),
  'largest file of an inner folder': {
    ...limited('F', 'collection-quota', {
      root: '/inner',
      limits: () => ({ limitFileBytes: BIG_BYTES - 1 }),
    }),
    status: 413,
    refusal: () => ({ status: 413, condition: 'x:max-file-size' }),
  },
  'largest file': bounded(
    'F',
    { maxFileBytes: BIG_BYTES - 1 },
    { status: 413, condition: 'x:max-file-size' },
  ),
  'uploads of a user': bounded('J', { limits: { uploadsPerUser: 1 } }, later(429), openUpload),
  'uploads of the server': bounded('K', { limits: { uploads: 1 } }, later(503), openUpload),
  'open files': openFiles,
  'file size of the system': fileSizes,
  'full disk': fullDisk,
  'full disk of the state': fullStateDisk,
  'disk that fills up meanwhile': vanishing,
  'state that fills up meanwhile': vanishingOfState,
  'no inode': fewInodes,
  'read-only disk': readOnly,
  'quota of the system': systemQuota,
} as const satisfies Readonly<Record<string, World>>

export type WorldName = keyof typeof WORLDS

type LimitsOf = (used: Charge) => Partial<SpaceLimits>

/** A limit of ours, reached to the last byte or name. */
function limited(
  cause: string,
  storageCause: ShortageCause,
  { limits, root = '/' }: { readonly limits: LimitsOf; readonly root?: string },
): World {
  return {
    cause,
    fileSystems: FILE_SYSTEMS,
    begin: (test, disk) =>
      sceneOf(test, {
        ...inFolder(disk),
        options: (used) => ({
          spaces: [
            {
              path: root as ResourcePath,
              kind: storageCause === 'user-quota' ? 'user' : 'collection',
              limits: { ...NO_LIMITS, ...limits(used) },
            },
          ],
        }),
      }),
    status: 507,
    refusal({ growth, names, properties }, before) {
      const space = spaceIn(before, root)
      const [unit, needed] =
        storageCause === 'entries'
          ? ['entries', names]
          : storageCause === 'properties'
            ? ['property_bytes', properties]
            : ['bytes', growth]
      const numbers = { limit: space[`limit_${unit}`], used: space[`used_${unit}`] }
      const storage = { cause: storageCause, needed, available: 0, ...numbers }
      return {
        status: 507,
        condition: QUOTA,
        storage: { ...storage, root: root === '/' ? '/' : `${root}/` },
      }
    },
  }
}

/** A bound of the server that has nothing to do with the disk. */
function bounded(
  cause: string,
  options: Partial<ServerOptions>,
  refused: Refused,
  ready?: (test: TestContext, scene: Scene) => Promise<void>,
): World {
  return {
    cause,
    fileSystems: FILE_SYSTEMS,
    async begin(test, disk) {
      const scene = await sceneOf(test, { ...inFolder(disk), options: () => options })
      await ready?.(test, scene)
      return scene
    },
    status: refused.status,
    refusal: () => refused,
  }
}

function later(status: number): Refused {
  return { status, condition: 'x:message', header: 'retry-after' }
}

/** An upload that has begun and goes on for as long as the scene. */
async function openUpload(test: TestContext, scene: Scene): Promise<void> {
  const connection = await rawConnection(test, scene)
  connection.write(`${head('PUT /slow', 'Content-Length: 10')}12345`)
  const stage = join(scene.folder, '.plimsoll', 'stage')
  await eventually('the upload has begun', () => readdirSync(stage).length > 0)
}

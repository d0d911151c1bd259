/** Every bound of the server. A request that passes one gets a documented status, never a slow server. */
export interface Limits {
  /** Largest single file, in bytes; null for none. Beyond it: 413. */
  readonly maxFileBytes: number | null
  /** Kept free on the volume for deletes, the database and logs (STOR-09). Below it: 507. */
  readonly keepFreeBytes: number
  /** The last room above that, which is given to small files alone. */
  readonly smallOnlyBytes: number
  /** Files kept creatable on a volume with a fixed number of inodes. */
  readonly keepFreeEntries: number
  /** Free bytes below which the state's own volume counts as full. */
  readonly keepFreeStateBytes: number
  /** From so much of a limit on a space is at level `near`, and at `critical`. */
  readonly nearPercent: number
  readonly criticalPercent: number
  /** What a volume of this size keeps free by default: the unit of the levels of the disk. */
  readonly diskUnitBytes: number
  /** A chunked upload claims ahead by this much at first, doubling up to the maximum: fewer statements. */
  readonly growthStepBytes: number
  readonly growthStepMaxBytes: number
  /** How long a claim outlives the last sign of its request. */
  readonly leaseSeconds: number
  /** A request header section larger than this: 431. */
  readonly headerBytes: number
  readonly headerCount: number
  /** An unread rest of at most this much is read and dropped to keep the connection (HTTP-10). */
  readonly drainBytes: number
  /** A refused sender may go on this long without a byte, and this long altogether (HTTP-13). */
  readonly lingerIdleSeconds: number
  readonly lingerTotalSeconds: number
  /** A body that stalls this long ends with 408 (HTTP-52). */
  readonly bodyIdleSeconds: number
  /** Running uploads of one user (429) and of all (503). */
  readonly uploadsPerUser: number
  readonly uploads: number
  /** PROPFIND with Depth infinity answers up to this many resources; 0 refuses it (PF-02). */
  readonly infiniteDepthResources: number
  /** Live locks of one user, rooted at one resource, and of all; beyond them LOCK gets 507. */
  readonly locksPerUser: number
  readonly locksPerResource: number
  readonly locks: number
  /** The longest timeout a lock gets; `Infinite` means this. */
  readonly lockSeconds: number
  /** One property value (409), and all of one resource (507). */
  readonly propertyBytes: number
  readonly propertyBytesPerResource: number
  /** A folder that others change all the time is counted again after this long, or later where that takes long. */
  readonly followSeconds: number
  /** More folders are not watched one by one, but looked at in rounds: a watch takes about 2 KiB of memory. */
  readonly watchedFolders: number
  /** Between two rounds over the whole folder: where nothing tells of changes, and where something does. */
  readonly roundSeconds: number
  readonly watchedRoundSeconds: number
  /** Running requests get this long to finish when the server is told to stop. */
  readonly shutdownSeconds: number
}

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB

export const DEFAULT_LIMITS: Limits = {
  maxFileBytes: null,
  keepFreeBytes: 0,
  smallOnlyBytes: 0,
  keepFreeEntries: 0,
  keepFreeStateBytes: 0,
  nearPercent: 80,
  criticalPercent: 95,
  diskUnitBytes: 0,
  growthStepBytes: MIB,
  growthStepMaxBytes: 64 * MIB,
  leaseSeconds: 300,
  headerBytes: 64 * KIB,
  headerCount: 256,
  drainBytes: 256 * KIB,
  lingerIdleSeconds: 5,
  lingerTotalSeconds: 30,
  bodyIdleSeconds: 60,
  uploadsPerUser: 128,
  uploads: 512,
  infiniteDepthResources: 0,
  locksPerUser: 2000,
  locksPerResource: 100,
  locks: 10_000,
  lockSeconds: 24 * 3600,
  propertyBytes: 64 * KIB,
  propertyBytesPerResource: MIB,
  followSeconds: 2,
  watchedFolders: 65_536,
  roundSeconds: 300,
  watchedRoundSeconds: 3600,
  shutdownSeconds: 10,
}

/**
 * The default disk reserve: 1 % of the volume and at most 1 GiB (STOR-09), but no less than the write-ahead log
 * of the state needs (1 MiB), unless that were more than a sixteenth of a tiny volume.
 */
export function defaultKeepFreeBytes(totalBytes: number): number {
  const onePercent = Math.floor(totalBytes / 100)
  const floor = Math.min(MIB, Math.floor(totalBytes / 16))
  return Math.min(GIB, Math.max(onePercent, floor))
}

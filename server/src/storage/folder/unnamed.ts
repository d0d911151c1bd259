import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync } from 'node:fs'
import { isReserved } from '../../core/path.ts'
import { DIRECTORY, descriptorPath } from './anchor.ts'
import { isForbidden, isLink, isMissing } from './translate.ts'

/**
 * Everything in the directory `at`, at any depth. For one whose name is no text: no path leads there, so that what is in
 * it counts where that name is. Like any other, it is left out where it may not be looked into.
 */
export function statsBelow(at: Buffer): BigIntStats[] {
  const handle = open(at)
  if (handle === null) return []
  try {
    const within = Buffer.from(descriptorPath(handle) ?? at)
    return readdirSync(within, { encoding: 'buffer' })
      .filter((name) => !isReserved(name.toString()))
      .flatMap((name) => statsAt(memberAt(within, name)))
  } finally {
    closeSync(handle)
  }
}

/** The path of a member by the bytes of its name, which need not be text. */
export function memberAt(directory: string | Buffer, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(directory), Buffer.from('/'), name])
}

function statsAt(at: Buffer): BigIntStats[] {
  const stats = lstatSync(at, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return []
  return stats.isDirectory() ? [stats, ...statsBelow(at)] : [stats]
}

function open(at: Buffer): number | null {
  try {
    return openSync(at, DIRECTORY)
  } catch (error) {
    if (isMissing(error) || isLink(error) || isForbidden(error)) return null
    throw error
  }
}

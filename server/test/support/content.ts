import { createHash, randomFillSync } from 'node:crypto'

export const KIB = 1024
export const MIB = 1024 * KIB

/** Bytes that no file system can compress and no other content equals. */
export function randomBytes(count: number): Uint8Array {
  return randomFillSync(new Uint8Array(count))
}

/** A body in pieces, as a program makes it that does not know the end yet. */
export async function* inChunks(body: Uint8Array, pieceBytes = 64 * KIB): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.byteLength; at += pieceBytes) yield body.subarray(at, at + pieceBytes)
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

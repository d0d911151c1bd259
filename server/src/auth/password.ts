import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { StartError } from '../core/start-error.ts'

/** What one argon2id hash costs. RFC 9106 §3.1 names these m, t and p. */
export interface HashCost {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

/** The least that OWASP's password storage guide asks for; 60 ms of one core on a small machine. */
export const DEFAULT_COST: HashCost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 }

/** A password of which only the argon2id hash is left. */
export interface PasswordHash extends HashCost {
  readonly salt: Buffer
  readonly tag: Buffer
}

/** @returns a hash with a salt of its own */
export async function hashPassword(password: string, cost: HashCost = DEFAULT_COST): Promise<PasswordHash> {
  const salt = randomBytes(16)
  return { ...cost, salt, tag: await derive(password, { ...cost, salt, tagBytes: 32 }) }
}

/** Takes the same time whatever the password is. */
export async function verifyPassword(hash: PasswordHash, password: string): Promise<boolean> {
  const tag = await derive(password, { ...hash, tagBytes: hash.tag.length })
  return timingSafeEqual(tag, hash.tag)
}

/** Whether the text is a hash, of whatever kind, and not a password in plain text. */
export function isHash(text: string): boolean {
  return /^\$(?:argon2(?:id|i|d)|2[abxy]|[156]|y|scrypt|pbkdf2[a-z0-9-]*)\$/.test(text)
}

/**
 * Reads `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, the PHC string format.
 *
 * @throws StartError which never quotes the hash
 */
export function parseHash(text: string, owner: string): PasswordHash {
  const [, memory, passes, lanes, salt64, tag64] = PHC.exec(text) ?? []
  if (salt64 === undefined || tag64 === undefined) {
    throw new StartError(`the password of ${owner} is a hash that cannot be used.`, PHC_HINT)
  }
  const hash = {
    memoryKiB: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt64, 'base64'),
    tag: Buffer.from(tag64, 'base64'),
  }
  const fault = faultOf(hash)
  if (fault !== null) throw new StartError(`the password hash of ${owner} has ${fault}.`, PHC_HINT)
  return hash
}

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]{1,200})\$([A-Za-z0-9+/]{1,200})$/

const PHC_HINT =
  'Write the password itself, or an argon2id hash such as $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH; no other kind is read.'

// RFC 9106 §3.1 sets the lower bounds; the upper ones keep one log-in from taking the machine's memory or minutes.
function faultOf({ memoryKiB, passes, lanes, salt, tag }: PasswordHash): string | null {
  if (lanes < 1 || lanes > 16) return `p=${lanes}, which is not from 1 to 16`
  if (memoryKiB < 8 * lanes || memoryKiB > 1024 * 1024)
    return `m=${memoryKiB}, which is not from 8·p to 1048576`
  if (passes < 1 || passes > 100) return `t=${passes}, which is not from 1 to 100`
  if (salt.length < 8 || salt.length > 64) return `a salt of ${salt.length} bytes, which is not from 8 to 64`
  if (tag.length < 16 || tag.length > 64) return `a hash of ${tag.length} bytes, which is not from 16 to 64`
  return null
}

const argon2Async = promisify(argon2)

interface Derivation extends HashCost {
  readonly salt: Buffer
  readonly tagBytes: number
}

function derive(password: string, derivation: Derivation): Promise<Buffer> {
  return argon2Async('argon2id', {
    message: password,
    nonce: derivation.salt,
    parallelism: derivation.lanes,
    tagLength: derivation.tagBytes,
    memory: derivation.memoryKiB,
    passes: derivation.passes,
  })
}

import { createHmac, randomBytes } from 'node:crypto'
import { DavError } from '../core/errors.ts'
import type { Authenticate, Credentials, Principal } from '../core/principal.ts'
import { StartError } from '../core/start-error.ts'
import { createGate, type Gate } from './gate.ts'
import {
  DEFAULT_COST,
  type HashCost,
  hashPassword,
  isHash,
  type PasswordHash,
  parseHash,
  verifyPassword,
} from './password.ts'
import { createRecent, type Recent } from './recent.ts'
import { createThrottle, type Throttle } from './throttle.ts'

export interface BasicUser {
  readonly name: string
  /** Plain text, of which only a hash is kept, or an argon2id hash in PHC form. */
  readonly password: string
}

export interface BasicOptions {
  /** Milliseconds that never go back; the default is the process's own clock. */
  readonly now?: () => number
  /** What hashing a plain password costs. */
  readonly cost?: HashCost
  readonly throttle?: Throttle
  readonly gate?: Gate
}

/**
 * HTTP Basic authentication, RFC 7617.
 *
 * One check costs one hash, also for a name that does not exist, so that time does not tell which names do.
 * Verified credentials are remembered for five minutes after their last use, under a key that dies with the
 * process.
 *
 * @throws StartError for a name given twice or a hash that cannot be used
 */
export async function basicAuthenticator(
  users: readonly BasicUser[],
  options: BasicOptions = {},
): Promise<Authenticate> {
  const parts: Parts = {
    users: await hashUsers(users, options.cost ?? DEFAULT_COST),
    decoy: await makeDecoy(users, options.cost ?? DEFAULT_COST),
    verified: createRecent({ maxEntries: 1000, keepSeconds: 300 }),
    pending: new Map(),
    throttle: options.throttle ?? createThrottle(),
    gate: options.gate ?? createGate(HASHES_AT_ONCE),
    now: options.now ?? (() => performance.now()),
  }
  const key = randomBytes(32)
  return (credentials) => authenticate(parts, key, credentials)
}

// Hashes run in the same few threads as all work on files: two leave room for it, and take at most 38 MiB.
const HASHES_AT_ONCE = { maxRunning: 2, maxWaiting: 64 }

interface Parts {
  readonly users: ReadonlyMap<string, PasswordHash>
  /** Checked in the place of an unknown user. */
  readonly decoy: PasswordHash
  readonly verified: Recent<Principal>
  /** Checks that run: a client that opens six connections at once is checked once. */
  readonly pending: Map<string, Promise<Principal>>
  readonly throttle: Throttle
  readonly gate: Gate
  readonly now: () => number
}

async function authenticate(parts: Parts, key: Buffer, credentials: Credentials): Promise<Principal> {
  const { authorization, remoteAddress } = credentials
  const login = parseBasic(authorization)
  if (login === null)
    throw unauthenticated(authorization === undefined ? 'none were sent' : 'they are malformed')

  // Before the memory of verified credentials: its answers would tell right guesses from wrong ones, unthrottled.
  parts.throttle.check(remoteAddress, parts.now())
  const fingerprint = createHmac('sha256', key).update(JSON.stringify(login)).digest('base64')
  const known = parts.verified.get(fingerprint, parts.now())
  if (known !== undefined) return known
  if (parts.throttle.hasFailed(remoteAddress, fingerprint, parts.now()))
    throw unauthenticated('they are wrong')

  // One address does not wait for the answer to another, whose throttle it would share.
  const pendingKey = `${remoteAddress} ${fingerprint}`
  const pending =
    parts.pending.get(pendingKey) ??
    parts.gate
      .run(() => check(parts, login, { remoteAddress, fingerprint }))
      .finally(() => parts.pending.delete(pendingKey))
  parts.pending.set(pendingKey, pending)
  return pending
}

interface Login {
  readonly name: string
  readonly password: string
}

async function check(
  parts: Parts,
  login: Login,
  from: { readonly remoteAddress: string; readonly fingerprint: string },
): Promise<Principal> {
  // A second time: others from this address may have failed while this one waited for its turn.
  parts.throttle.check(from.remoteAddress, parts.now())
  const hash = parts.users.get(login.name)
  const matches = await verifyPassword(hash ?? parts.decoy, login.password)
  if (hash === undefined || !matches) {
    parts.throttle.failed(from.remoteAddress, from.fingerprint, parts.now())
    throw unauthenticated('they are wrong')
  }
  const principal = { name: login.name }
  parts.verified.set(from.fingerprint, principal, parts.now())
  return principal
}

/** RFC 7617 §2 and §2.1: base64 of UTF-8, the first colon ends the name. Null where it is anything else. */
export function parseBasic(authorization: string | undefined): Login | null {
  const token = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return null
  const text = decodeUtf8(Buffer.from(token, 'base64'))
  const colon = text?.indexOf(':') ?? -1
  if (text === null || colon < 0 || /\p{Cc}/u.test(text)) return null
  return { name: text.slice(0, colon).normalize('NFC'), password: text.slice(colon + 1).normalize('NFC') }
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

function unauthenticated(why: string): DavError {
  return new DavError('unauthenticated', `this server asks for a name and a password; ${why}`)
}

async function hashUsers(
  users: readonly BasicUser[],
  cost: HashCost,
): Promise<ReadonlyMap<string, PasswordHash>> {
  const hashes = new Map<string, PasswordHash>()
  for (const user of users) {
    const name = user.name.normalize('NFC')
    if (hashes.has(name)) {
      throw new StartError(`the user ${JSON.stringify(name)} is given twice.`, 'Give each user once.')
    }
    hashes.set(name, await hashOf(user, cost))
  }
  return hashes
}

function hashOf(user: BasicUser, cost: HashCost): Promise<PasswordHash> | PasswordHash {
  if (isHash(user.password)) return parseHash(user.password, `the user ${JSON.stringify(user.name)}`)
  return hashPassword(user.password.normalize('NFC'), cost)
}

/** As costly as the first user's hash; names can be told apart by time only where hashes of unlike cost are mixed. */
async function makeDecoy(users: readonly BasicUser[], cost: HashCost): Promise<PasswordHash> {
  const [first] = users
  const like =
    first !== undefined && isHash(first.password) ? parseHash(first.password, 'the first user') : cost
  const { memoryKiB, passes, lanes } = like
  return hashPassword(randomBytes(24).toString('base64'), { memoryKiB, passes, lanes })
}

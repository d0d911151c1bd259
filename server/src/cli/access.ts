import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import { anonymousAuthenticator } from '../auth/anonymous.ts'
import { basicAuthenticator } from '../auth/basic.ts'
import type { Loaded } from '../config/load.ts'
import type { User } from '../config/schema.ts'
import type { Authenticate } from '../core/principal.ts'
import { StartError } from '../core/start-error.ts'

/** Who may enter. */
export interface Access {
  readonly authenticate: Authenticate
  readonly isOpen: boolean
  /** The user that was made because nobody named one; null otherwise. */
  readonly made: User | null
}

/**
 * The users that were named; everybody, where that was asked for; else one user with a password made for this
 * run, so that no server is ever open because something was forgotten.
 *
 * @param socket one that was passed on, whose address nobody knows yet
 * @throws StartError where everybody would be let in from other machines and that was said only once
 */
export async function decideAccess(
  { settings, sources }: Loaded,
  socket: number | null = null,
): Promise<Access> {
  const { user: users, noAuth, host } = settings
  if (noAuth !== 'no') {
    if (users.length > 0) throw contradiction(sources)
    const where = socket === null ? host : 'the socket that systemd opened'
    if (noAuth === 'loopback' && !isLoopback(where)) throw openToOthers(where, sources.noAuth)
    return { authenticate: anonymousAuthenticator(), isOpen: true, made: null }
  }
  if (users.length > 0) return { authenticate: await basicAuthenticator(users), isOpen: false, made: null }
  const made = { name: 'plimsoll', password: makePassword() }
  return { authenticate: await basicAuthenticator([made]), isOpen: false, made }
}

/** Whether only this machine can connect to the address, which may stand in brackets. */
export function isLoopback(address: string): boolean {
  const host = address.replace(/^\[(.*)\]$/, '$1')
  if (host.toLowerCase() === 'localhost') return true
  if (isIP(host) === 4) return host.startsWith('127.')
  if (isIP(host) !== 6) return false
  // The URL parser writes every spelling of an IPv6 address in one way.
  const { hostname } = new URL(`http://[${host.replace(/%.*$/, '')}]/`)
  return hostname === '[::1]' || hostname.startsWith('[::ffff:7f')
}

/** 99 bits in four groups that can be read aloud: no letter looks like a digit. */
function makePassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  const group = () => Array.from({ length: 5 }, () => letters.charAt(randomInt(letters.length))).join('')
  return [group(), group(), group(), group()].join('-')
}

function contradiction(sources: Loaded['sources']): StartError {
  return new StartError(
    `there are users (${sources.user}), and nobody is to be asked for a password (${sources.noAuth})`,
    'Leave one of the two out.',
  )
}

function openToOthers(host: string, source: string): StartError {
  return new StartError(
    `${source}: without a password, everyone who can reach ${host} could read, change and delete files`,
    'Name users with --user NAME:PASSWORD, or listen on 127.0.0.1. If everyone is really meant, say it twice: ' +
      '--no-auth --no-auth, PLIMSOLL_NO_AUTH=everywhere or "noAuth": "everywhere".',
  )
}

/** Who is asking. */
export interface Principal {
  /** `null` for a request of which nobody asked a name. */
  readonly name: string | null
}

/** What a request says about its sender. */
export interface Credentials {
  /** The `Authorization` field as it was sent; undefined where there was none. */
  readonly authorization: string | undefined
  /** The address of the other end of the connection; what failed attempts are counted by. */
  readonly remoteAddress: string
}

/**
 * Finds out who is asking.
 *
 * @throws DavError 'unauthenticated' where the credentials are missing, malformed or wrong (which of these is
 * not said), 'too-many-requests' after too many failures, 'overloaded' where too many checks are waiting
 */
export type Authenticate = (credentials: Credentials) => Promise<Principal>

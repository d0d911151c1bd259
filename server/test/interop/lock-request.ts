import { type Address, type Answer, ask } from '../support/ask.ts'

export interface LockRequest {
  /** The element in the body; an href for most clients. */
  readonly owner?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Locked {
  readonly answer: Answer
  /** As it stands in the Lock-Token header, without the angle brackets; empty where there is none. */
  readonly token: string
  /** The value of an If header that submits the token. */
  readonly submitted: string
}

/** The LOCK that every client sends which locks for writing: exclusive, of depth 0, with a body. */
export async function lock(server: Address, target: string, request: LockRequest = {}): Promise<Locked> {
  const { owner = '<D:href>http://client.example/</D:href>', headers = {} } = request
  const answer = await ask(server, `LOCK ${target}`, {
    headers: { Depth: '0', Timeout: 'Second-600', 'Content-Type': 'text/xml; charset="utf-8"', ...headers },
    body: `<?xml version="1.0" encoding="utf-8"?>
<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>
<D:owner>${owner}</D:owner></D:lockinfo>`,
  })
  const [, token = ''] = /^<(.+)>$/.exec(String(answer.headers['lock-token'] ?? '')) ?? []
  return { answer, token, submitted: `(<${token}>)` }
}

/** The seconds that the answer to a LOCK grants. */
export function grantedSeconds({ text }: Answer): number {
  return Number(/<D:timeout>Second-(\d+)<\/D:timeout>/.exec(text)?.[1])
}

import type { Deps } from '../../core/deps.ts'
import { parseAsk } from '../headers/ask.ts'
import { allowed, type Protocol } from '../methods.ts'
import type { Call, DavResponse } from '../request.ts'
import { answerTo } from './ask.ts'

/** RFC 4918 §10.1, RFC 9110 §9.3.7. Works on unmapped URLs too: Zotero asks before it creates its folder. */
export async function options(deps: Deps, call: Call, protocol: Protocol): Promise<DavResponse> {
  const asked = parseAsk(call.request.header('plimsoll-ask'))
  const answer = asked === null ? {} : await answerTo(asked, deps, call, protocol)
  const resource = await deps.store.stat(call.path)
  return {
    status: 200,
    headers: { ...abilities(protocol, allowed(protocol, call.path, resource)), ...answer },
    body: null,
  }
}

/** `OPTIONS *`: what the server can do, whatever the URL. */
export function serverOptions(protocol: Protocol): DavResponse {
  return { status: 200, headers: abilities(protocol, [...protocol.methods.keys()]), body: null }
}

function abilities(protocol: Protocol, allow: readonly string[]): Record<string, string> {
  return {
    DAV: protocol.davTokens,
    Allow: allow.join(', '),
    // Windows and Office take a server for a WebDAV server by this field.
    'MS-Author-Via': 'DAV',
    'Content-Length': '0',
  }
}

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Authority {
  /** What a client must trust. */
  readonly caFile: string
  /** For `localhost` and 127.0.0.1. */
  readonly certificateFile: string
  readonly keyFile: string
}

/** An authority of the test's own and a certificate by it; made once for all tests of this process. */
export function testAuthority(): Authority {
  made ??= makeAuthority()
  return made
}

let made: Authority | undefined

function makeAuthority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-authority-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  const at = (name: string): string => join(directory, name)
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { stdio: 'ignore' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-days',
    '2',
    '-subj',
    '/CN=Test',
  )
  openssl('req', ...newKey, '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=localhost')
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  const by = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names')]
  openssl('x509', '-req', '-in', at('server.csr'), ...by, '-out', at('server.crt'), '-days', '2')
  return { caFile: at('ca.crt'), certificateFile: at('server.crt'), keyFile: at('server.key') }
}

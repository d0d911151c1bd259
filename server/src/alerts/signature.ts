import { createHmac } from 'node:crypto'
import { StartError } from '../core/start-error.ts'

/** What a receiver must know to tell our requests from anybody else's. */
export interface SigningKey {
  readonly bytes: Uint8Array
}

/**
 * Reads a secret as the Standard Webhooks specification writes them: `whsec_` and the base64 of 24 to 64 bytes.
 * @throws StartError that does not repeat it
 * @see https://www.standardwebhooks.com
 */
export function parseSecret(written: string): SigningKey {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(written.trim()) ?? []
  const bytes = Buffer.from(base64 ?? '', 'base64')
  if (bytes.byteLength >= 24 && bytes.byteLength <= 64) return { bytes }
  throw new StartError(
    'the secret of the webhook is not "whsec_" and the base64 of 24 to 64 bytes.',
    'Make one with: echo "whsec_$(openssl rand -base64 32)"',
  )
}

/** The three fields that a request is recognised by; `atSeconds` keeps it from being repeated by others later. */
export function signatureFields(
  { bytes }: SigningKey,
  { id, atSeconds, body }: { readonly id: string; readonly atSeconds: number; readonly body: string },
): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', bytes).update(`${id}.${atSeconds}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(atSeconds),
    'webhook-signature': `v1,${signature}`,
  }
}

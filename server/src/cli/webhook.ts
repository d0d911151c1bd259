import { readFile } from 'node:fs/promises'
import type { Settings } from '../config/schema.ts'
import { StartError } from '../core/start-error.ts'
import type { ServerOptions } from '../server.ts'

type WebhookSettings = Pick<Settings, 'webhook' | 'webhookSecret' | 'webhookSecretFile'>

/**
 * Puts address and secret together.
 * @throws StartError if there is an address and not exactly one secret
 */
export async function decideWebhook(
  settings: WebhookSettings,
): Promise<NonNullable<ServerOptions['webhook']> | null> {
  const { webhook, webhookSecret, webhookSecretFile } = settings
  if (webhook === null) return null
  if (webhookSecret !== null && webhookSecretFile !== null) {
    throw new StartError(
      'the secret of the webhook is given twice.',
      'Give it itself, or the file that holds it.',
    )
  }
  if (webhookSecret !== null) return { url: webhook, secret: webhookSecret }
  if (webhookSecretFile !== null) return { url: webhook, secret: await secretIn(webhookSecretFile) }
  throw new StartError(
    'the webhook has no secret to sign with.',
    'Write one into a file and name it with --webhook-secret-file, or set PLIMSOLL_WEBHOOK_SECRET.',
  )
}

async function secretIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new StartError(
      `the secret of the webhook cannot be read from ${file}: ${reason}.`,
      'Name a file with --webhook-secret-file that this user may read.',
      { cause: error },
    )
  }
}

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { describeSettings } from '../../src/cli/config.ts'
import { decideWebhook } from '../../src/cli/webhook.ts'
import { loadSettings } from '../../src/config/load.ts'
import { StartError } from '../../src/core/start-error.ts'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { receiver } from '../support/receiver.ts'
import { serverWith } from '../support/server.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

describe('a server with a webhook', () => {
  it('tells of every change of a level, up and down (ALR-05)', async (test) => {
    const { url, deliveries, received } = await receiver(test)
    const server = await serverWith(test, { limitBytes: 1000, webhook: { url, secret: SECRET } })

    await ask(server, 'PUT /a', { body: 'x'.repeat(850) })
    await ask(server, 'PUT /b', { body: 'x'.repeat(10) })
    await ask(server, 'DELETE /a')
    await received(2)

    const events = deliveries.map(({ body }) => JSON.parse(body))
    assert.deepEqual(
      events.map(({ type }) => type),
      ['space.level', 'space.level'],
    )
    const numbers = {
      reservedBytes: 0,
      limitBytes: 1000,
      graceEnds: null,
      bytesPerDay: null,
      secondsUntilFull: null,
    }
    assert.deepEqual(
      events.map(({ data }) => data),
      [
        { space: '/', level: 'near', before: 'normal', usedBytes: 850, availableBytes: 150, ...numbers },
        { space: '/', level: 'normal', before: 'near', usedBytes: 10, availableBytes: 990, ...numbers },
      ],
    )
  })

  it('answers and stops whatever the receiver does (ALR-05)', async (test) => {
    const { url, received } = await receiver(test, () => {})
    const server = await serverWith(test, { limitBytes: 100, webhook: { url, secret: SECRET } })

    const answers = [
      await ask(server, 'PUT /a', { body: 'x'.repeat(90) }),
      await ask(server, 'PUT /b', { body: 'x' }),
    ]
    await received(1)
    await server.running.close()

    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201],
    )
    assert.match(server.log.messages.at(-1) ?? '', /^events were not told to the webhook/)
  })

  it('does not start with a secret that is none (ALR-01)', async (test) => {
    const start = serverWith(test, { webhook: { url: 'http://127.0.0.1:9/', secret: 'hunter22' } })

    await assert.rejects(start, (error) => error instanceof StartError && !error.message.includes('hunter22'))
  })
})

describe('the settings of a webhook', () => {
  const url = 'https://example.com/token'

  it('take the secret from a file or a variable, and show neither it nor the path of the URL (ALR-04)', async (test) => {
    const file = join(temporaryFolder(test), 'secret')
    writeFileSync(file, `${SECRET}\n`)

    const byFile = await loaded({ webhook: url, webhookSecretFile: file })
    const byVariable = await loaded({ webhook: url }, { PLIMSOLL_WEBHOOK_SECRET: SECRET })

    for (const { settings } of [byFile, byVariable]) {
      const decided = await decideWebhook(settings)
      assert.deepEqual([decided?.url, decided?.secret.trim()], [url, SECRET])
    }
    for (const each of [byFile, byVariable]) assert.doesNotMatch(describeSettings(each), /token|whsec/)
    assert.equal(await decideWebhook((await loaded({})).settings), null)
  })

  it('want exactly one secret, and a URL without a password (ALR-04)', async (test) => {
    const nowhere = join(temporaryFolder(test), 'missing')
    const wrong: [Record<string, string>, Record<string, string>, RegExp][] = [
      [{ webhook: url }, {}, /has no secret/],
      [{ webhook: url, webhookSecretFile: nowhere }, {}, /cannot be read from .*ENOENT/],
      [{ webhook: url, webhookSecretFile: nowhere }, { PLIMSOLL_WEBHOOK_SECRET: SECRET }, /given twice/],
      [{ webhook: 'ftp://example.com/' }, {}, /--webhook: expected an http/],
      [{ webhook: 'https://me:secret-word@example.com/' }, {}, /--webhook: expected an http/],
    ]

    for (const [flags, environment, message] of wrong) {
      const deciding = loaded(flags, environment).then(({ settings }) => decideWebhook(settings))
      await assert.rejects(deciding, (error: StartError) => {
        assert.match(error.message, message)
        assert.doesNotMatch(`${error.message}${error.hint}`, /secret-word|whsec_B/)
        return true
      })
    }
  })
})

function loaded(flags: Record<string, string>, environment: Record<string, string> = {}) {
  return loadSettings({ flags, environment, workingDirectory: '/' })
}

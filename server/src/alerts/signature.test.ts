import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StartError } from '../core/start-error.ts'
import { parseSecret, signatureFields } from './signature.ts'

describe('the signature of a webhook', () => {
  it('is that of the Standard Webhooks specification: HMAC-SHA256 of id, time and body (ALR-01)', () => {
    // The example of the libraries for receivers.
    const key = parseSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      atSeconds: 1614265330,
      body: '{"test": 2432232314}',
    }

    assert.deepEqual(signatureFields(key, message), {
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('needs a secret in the form of the specification, and never repeats a wrong one (ALR-01)', () => {
    const wrong = [
      '',
      'hunter22',
      'whsec_',
      'whsec_c2hvcnQ=',
      `whsec_${'A'.repeat(100)}`,
      'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa*w',
    ]

    for (const secret of wrong) {
      assert.throws(
        () => parseSecret(secret),
        (error) =>
          error instanceof StartError &&
          (secret === '' || !`${error.message}${error.hint}`.includes(secret) || secret === 'whsec_'),
      )
    }
  })
})

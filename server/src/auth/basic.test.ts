import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError } from '../core/errors.ts'
import type { Authenticate } from '../core/principal.ts'
import { StartError } from '../core/start-error.ts'
import { basicAuthenticator, parseBasic } from './basic.ts'
import { createGate, type Gate } from './gate.ts'

const CHEAP = { memoryKiB: 8, passes: 1, lanes: 1 }
const ALICE = { name: 'alice', password: 'open sesame: 1' }

// "password" under the salt "somesalt", from the test vectors of the reference implementation of argon2.
const PHC_OF_PASSWORD =
  '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'

describe('basic authentication (RFC 7617)', () => {
  it('lets in who knows the password, and says their name', async () => {
    const authenticate = await basicAuthenticator([ALICE], { cost: CHEAP })

    const principal = await authenticate(basic('alice', 'open sesame: 1'))

    assert.deepEqual(principal, { name: 'alice' })
  })

  it('refuses a wrong password, an unknown name and missing or malformed credentials alike', async () => {
    const authenticate = await basicAuthenticator([ALICE], { cost: CHEAP })

    await refused(authenticate, basic('alice', 'wrong'), 'unauthenticated')
    await refused(authenticate, basic('mallory', 'open sesame: 1'), 'unauthenticated')
    for (const authorization of [undefined, '', 'Basic', 'Basic ???', 'Bearer x', 'Basic YWxpY2U=']) {
      await refused(authenticate, { authorization, remoteAddress: '10.0.0.1' }, 'unauthenticated')
    }
  })

  it('takes names and passwords as UTF-8 however their accents are composed', async () => {
    const authenticate = await basicAuthenticator([{ name: 'Zoë', password: 'pa\u0308ss' }], { cost: CHEAP })

    const principal = await authenticate(basic('Zoe\u0308', 'p\u00e4ss'))

    assert.deepEqual(principal, { name: 'Zoë' })
  })

  it('takes an argon2id hash in the place of a password', async () => {
    const authenticate = await basicAuthenticator([{ name: 'alice', password: PHC_OF_PASSWORD }])

    assert.deepEqual(await authenticate(basic('alice', 'password')), { name: 'alice' })
    await refused(authenticate, basic('alice', 'passwort'), 'unauthenticated')
    await refused(authenticate, basic('alice', PHC_OF_PASSWORD), 'unauthenticated')
  })

  it('refuses to start with a hash it cannot use or a name given twice', async () => {
    const unusable = [
      '$2b$12$abcdefghijklmnopqrstuv',
      '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAA',
      PHC_OF_PASSWORD.replace('m=65536', 'm=99999999'),
      PHC_OF_PASSWORD.replace('t=2', 't=0'),
      PHC_OF_PASSWORD.replace('c29tZXNhbHQ', 'c29t'),
    ]
    for (const password of unusable) {
      await assert.rejects(
        basicAuthenticator([{ name: 'alice', password }]),
        (error) =>
          error instanceof StartError && !error.message.includes('c29t') && /argon2id/.test(error.hint),
      )
    }
    await assert.rejects(basicAuthenticator([ALICE, ALICE], { cost: CHEAP }), /"alice" is given twice/)
  })

  it('hashes verified credentials once in five minutes of use, and once for requests at the same time', async () => {
    const { gate, counted } = countingGate()
    let now = 0
    const authenticate = await basicAuthenticator([ALICE], { cost: CHEAP, gate, now: () => now })
    const good = basic('alice', 'open sesame: 1')

    await Promise.all([authenticate(good), authenticate(good), authenticate(good)])
    assert.equal(counted(), 1)
    now = 299_000
    await authenticate(good)
    assert.equal(counted(), 1)
    now = 299_000 + 300_000
    await authenticate(good)

    assert.equal(counted(), 2)
  })

  it('hashes for an unknown name as for a known one, and the same wrong credentials once', async () => {
    const { gate, counted } = countingGate()
    const authenticate = await basicAuthenticator([ALICE], { cost: CHEAP, gate })

    await refused(authenticate, basic('mallory', 'x'), 'unauthenticated')
    await refused(authenticate, basic('alice', 'x'), 'unauthenticated')
    await refused(authenticate, basic('alice', 'x'), 'unauthenticated')

    assert.equal(counted(), 2)
  })

  it('answers too-many-requests after ten different wrong passwords, even to the right one', async () => {
    let now = 0
    const authenticate = await basicAuthenticator([ALICE], { cost: CHEAP, now: () => now })
    await authenticate(basic('alice', 'open sesame: 1'))
    for (let guess = 0; guess < 10; guess += 1) {
      await refused(authenticate, basic('alice', `guess ${guess}`), 'unauthenticated')
    }

    const error = await refused(authenticate, basic('alice', 'open sesame: 1'), 'too-many-requests')
    assert.equal(error.details.retryAfterSeconds, 60)
    await authenticate({ ...basic('alice', 'open sesame: 1'), remoteAddress: '10.0.0.2' })
    now = 60_000
    await authenticate(basic('alice', 'open sesame: 1'))
  })

  it('does not let guesses at the same time slip past the throttle', async () => {
    const { gate, counted } = countingGate()
    const authenticate = await basicAuthenticator([ALICE], { cost: CHEAP, gate })
    const guesses = Array.from({ length: 50 }, (_, guess) => basic('alice', `guess ${guess}`))

    const codes = await Promise.all(guesses.map((guess) => refused(authenticate, guess, null)))

    assert.equal(codes.filter(({ code }) => code === 'unauthenticated').length, 10)
    assert.equal(codes.filter(({ code }) => code === 'too-many-requests').length, 40)
    assert.equal(counted(), 50)
  })

  it('answers overloaded where too many checks wait', async () => {
    const gate = createGate({ maxRunning: 1, maxWaiting: 1 })
    const authenticate = await basicAuthenticator([ALICE], { cost: CHEAP, gate })
    const tries = ['a', 'b', 'c'].map((password) => refused(authenticate, basic('alice', password), null))

    const errors = await Promise.all(tries)

    assert.deepEqual(
      errors.map(({ code }) => code),
      ['unauthenticated', 'unauthenticated', 'overloaded'],
    )
    assert.ok((errors[2]?.details.retryAfterSeconds ?? 0) > 0)
  })

  it('reads the scheme in any case, ends the name at the first colon and refuses control characters', () => {
    assert.deepEqual(parseBasic(`bASIC  ${base64('a:b:c')}`), { name: 'a', password: 'b:c' })
    assert.deepEqual(parseBasic(`Basic ${base64('a:')}`), { name: 'a', password: '' })
    assert.equal(parseBasic(`Basic ${base64('a:\u0007')}`), null)
    assert.equal(parseBasic(`Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}`), null)
  })
})

function basic(name: string, password: string) {
  return { authorization: `Basic ${base64(`${name}:${password}`)}`, remoteAddress: '10.0.0.1' }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

async function refused(
  authenticate: Authenticate,
  credentials: Parameters<Authenticate>[0],
  code: string | null,
): Promise<DavError> {
  const error = await authenticate(credentials).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof DavError, `refused: ${error}`)
  if (code !== null) assert.equal(error.code, code)
  return error
}

/** Runs one task after the other and counts them. */
function countingGate(): { gate: Gate; counted: () => number } {
  const gate = createGate({ maxRunning: 1, maxWaiting: 100 })
  let count = 0
  return {
    gate: {
      run(task) {
        count += 1
        return gate.run(task)
      },
    },
    counted: () => count,
  }
}

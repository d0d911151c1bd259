import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadSettings } from '../config/load.ts'
import { StartError } from '../core/start-error.ts'
import { type Access, decideAccess, isLoopback } from './access.ts'

const NOBODY = { authorization: undefined, remoteAddress: '127.0.0.1' }

describe('who may enter', () => {
  it('is a user made for this run where nobody said anything', async () => {
    const first = await decide({})
    const second = await decide({})

    assert.match(first.made?.password ?? '', /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/)
    assert.notEqual(first.made?.password, second.made?.password)
    assert.deepEqual(await enter(first, `plimsoll:${first.made?.password}`), { name: 'plimsoll' })
    await assert.rejects(first.authenticate(NOBODY), { code: 'unauthenticated' })
  })

  it('are the users that were named', async () => {
    const access = await decide({ user: ['alice:a', 'bob:b'], host: '0.0.0.0' })

    assert.equal(access.made, null)
    assert.equal(access.isOpen, false)
    assert.deepEqual(await enter(access, 'bob:b'), { name: 'bob' })
  })

  it('is everybody where no-auth was said and only this machine can connect', async () => {
    const access = await decide({ noAuth: 'true', host: '::1' })

    assert.equal(access.isOpen, true)
    assert.deepEqual(await access.authenticate(NOBODY), { name: null })
  })

  it('is everybody from everywhere only where no-auth was said twice', async () => {
    await assert.rejects(
      decide({ noAuth: 'true', host: '0.0.0.0' }),
      (error) => error instanceof StartError && /--no-auth --no-auth/.test(error.hint),
    )

    const access = await decide({ noAuth: 'everywhere', host: '0.0.0.0' })

    assert.equal(access.isOpen, true)
  })

  it('is everybody behind a socket that was passed on only where no-auth was said twice', async () => {
    const given = { flags: { noAuth: 'true' }, environment: {}, workingDirectory: '/' }

    await assert.rejects(decideAccess(await loadSettings(given), 3), /everyone who can reach the socket/)
  })

  it('cannot be both users and everybody', async () => {
    await assert.rejects(decide({ noAuth: 'true', user: ['alice:a'] }), /users \(--user\).*\(--no-auth\)/)
  })

  it('is decided by whether the address is reachable from other machines', () => {
    for (const host of [
      '127.0.0.1',
      '127.8.8.8',
      'localhost',
      'LOCALHOST',
      '::1',
      '0:0:0:0:0:0:0:1',
      '::ffff:127.0.0.1',
    ]) {
      assert.equal(isLoopback(host), true, host)
    }
    for (const host of [
      '0.0.0.0',
      '::',
      '192.168.1.1',
      '127.0.0.1.example',
      'localhost.example',
      'fe80::1%eth0',
      '128.0.0.1',
    ]) {
      assert.equal(isLoopback(host), false, host)
    }
  })
})

async function decide(flags: Parameters<typeof loadSettings>[0]['flags']): Promise<Access> {
  return decideAccess(await loadSettings({ flags, environment: {}, workingDirectory: '/' }))
}

function enter({ authenticate }: Access, login: string) {
  return authenticate({ ...NOBODY, authorization: `Basic ${Buffer.from(login).toString('base64')}` })
}

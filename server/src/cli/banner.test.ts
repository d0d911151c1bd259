import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { banner, type Started } from './banner.ts'

const STARTED: Started = {
  url: 'http://127.0.0.1:8507/',
  folder: '/srv/files',
  limitBytes: 1024 ** 3,
  usedBytes: 1024 ** 2,
  availableBytes: 1023 * 1024 ** 2,
  diskFreeBytes: 20 * 1024 ** 3,
  keepFreeBytes: 1024 ** 3,
  level: 'normal',
  made: null,
  isOpen: false,
  isReachable: false,
}

describe('what a server says when it has started', () => {
  it('is address, folder, limit, used and free, and how to stop it', () => {
    const text = banner(STARTED)

    assert.equal(
      text,
      [
        'Plimsoll is running.',
        '  address   http://127.0.0.1:8507/',
        '  folder    /srv/files',
        '  limit     1 GiB',
        '  used      1 MiB',
        '  free      1023 MiB',
        '  level     normal',
        '  disk      20 GiB free, 1 GiB of it kept free',
        'Stop it with Ctrl+C.',
        '',
      ].join('\n'),
    )
  })

  it('holds the password that was made', () => {
    const text = banner({ ...STARTED, made: { name: 'plimsoll', password: 'abcde-fghjk' } })

    assert.match(text, /\n {2}user {6}plimsoll\n {2}password {2}abcde-fghjk {3}\(for this run/)
  })

  it('warns where more is used than the limit', () => {
    const text = banner({ ...STARTED, usedBytes: 2 * 1024 ** 3, availableBytes: 0 })

    assert.match(text, /\nWarning: 2 GiB are used, more than the limit of 1 GiB\. Nothing may grow/)
  })

  it('warns where others can enter without a password or read the passwords of others', () => {
    assert.match(banner({ ...STARTED, isOpen: true, isReachable: true }), /Warning: everyone who can reach/)
    assert.match(banner({ ...STARTED, isReachable: true }), /Warning: passwords cross the network/)
    assert.doesNotMatch(banner({ ...STARTED, isOpen: true }), /Warning/)
  })

  it('shows no control character of a folder name', () => {
    assert.match(banner({ ...STARTED, folder: '/srv/\u001b[2J' }), /\/srv\/\\x1b\[2J\n/)
  })
})

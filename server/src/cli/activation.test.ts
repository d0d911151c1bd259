import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StartError } from '../core/start-error.ts'
import { socketFromSystemd } from './activation.ts'

describe('socketFromSystemd', () => {
  it('is the first descriptor after the standard ones', () => {
    assert.equal(socketFromSystemd({ LISTEN_FDS: '1', LISTEN_PID: '42' }, 42), 3)
  })

  it('is none where nothing was passed on, or it was meant for another process', () => {
    assert.equal(socketFromSystemd({}, 42), null)
    assert.equal(socketFromSystemd({ LISTEN_FDS: '1' }, 42), null)
    assert.equal(socketFromSystemd({ LISTEN_FDS: '0', LISTEN_PID: '42' }, 42), null)
    assert.equal(socketFromSystemd({ LISTEN_FDS: '1', LISTEN_PID: '41' }, 42), null)
  })

  it('is one at most', () => {
    for (const count of ['2', 'many', '-1']) {
      assert.throws(() => socketFromSystemd({ LISTEN_FDS: count, LISTEN_PID: '42' }, 42), StartError)
    }
  })
})

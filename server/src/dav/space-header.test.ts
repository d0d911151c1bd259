import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Standing, Standings } from '../core/levels.ts'
import { resourcePath } from '../core/path.ts'
import { spaceHeader } from './space-header.ts'
import { hrefOf } from './target.ts'

const DISK: Standing = {
  path: null,
  level: 'normal',
  fallingLevel: 'normal',
  usedBytes: null,
  reservedBytes: null,
  limitBytes: null,
  graceEndsMs: null,
  availableBytes: 2 ** 53 - 1,
}

const TEAM: Standing = {
  ...DISK,
  path: resourcePath(['Grüße "1"']),
  level: 'near',
  usedBytes: 2 ** 50,
  limitBytes: 2 ** 50 + 5,
  availableBytes: 5,
}

function headerOf(...all: Standings): string {
  return spaceHeader(all, { nowMs: 0, href: (path) => hrefOf(path, { basePath: '/dav', collection: true }) })
}

describe('the value of Plimsoll-Space', () => {
  it('is a structured field whatever the name of the space is: its URL path is a String (LVL-02)', () => {
    assert.match(headerOf(TEAM, DISK), /^"[!#-[\]-~]+";level=near;/)
    assert.match(headerOf(TEAM, DISK), /^"\/dav\/Gr%C3%BC%C3%9Fe%20%221%22\/"/)
  })

  it('tells how many seconds are left until a soft limit begins to refuse (LVL-02)', () => {
    assert.match(headerOf({ ...TEAM, graceEndsMs: 1500 }, DISK), /;grace=2;available=5$/)
    assert.match(headerOf({ ...TEAM, graceEndsMs: -1500 }, DISK), /;grace=0;available=5$/)
  })

  it('has no integer of more than fifteen digits, which no structured field can hold (LVL-02)', () => {
    assert.match(headerOf(TEAM, DISK), /;used=999999999999999;limit=999999999999999;available=5$/)
    assert.equal(headerOf(DISK), 'disk;level=normal;available=999999999999999')
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError, type ErrorCode } from '../../core/errors.ts'
import { type LockInfo, MAX_OWNER_BYTES, parseLockInfo } from './lock-info.ts'
import { readXml } from './read.ts'
import { batched } from './write.ts'

const EXCLUSIVE = '<D:lockscope><D:exclusive/></D:lockscope>'
const SHARED = '<D:lockscope><D:shared/></D:lockscope>'
const WRITE = '<D:locktype><D:write/></D:locktype>'

async function parse(inside: string, root = 'D:lockinfo'): Promise<LockInfo> {
  const element = await readXml(batched([`<${root} xmlns:D="DAV:" xmlns:x="u:x">${inside}</${root}>`]))
  assert.ok(element)
  return parseLockInfo(element)
}

async function refuses(code: ErrorCode, inside: string, root?: string): Promise<void> {
  await assert.rejects(
    parse(inside, root),
    (error: unknown) => error instanceof DavError && error.code === code,
    `${inside.slice(0, 80)} should be refused as ${code}`,
  )
}

describe('parseLockInfo', () => {
  it('reads both scopes (LCK-05, LCK-06)', async () => {
    assert.deepEqual(await parse(EXCLUSIVE + WRITE), { scope: 'exclusive', owner: '' })
    assert.deepEqual(await parse(SHARED + WRITE), { scope: 'shared', owner: '' })
  })

  it('skips unknown elements and minds no order (XML-07, XML-09)', async () => {
    const inside = `<x:a/> ${WRITE}<D:b/><D:lockscope><x:shared/><D:exclusive><x:c/></D:exclusive></D:lockscope>`

    assert.deepEqual(await parse(inside), { scope: 'exclusive', owner: '' })
  })

  const owners: [string, string][] = [
    ['<D:owner/>', ''],
    ['<D:owner> Jane &lt;j@x&gt;\n</D:owner>', ' Jane &lt;j@x&gt;\n'],
    ['<D:owner><D:href>a</D:href></D:owner>', '<D:href xmlns:D="DAV:">a</D:href>'],
    ['<D:owner>1<x:a b="2"/>3</D:owner>', '1<x:a xmlns:x="u:x" b="2"/>3'],
    ['<x:owner>no</x:owner>', ''],
  ]
  for (const [element, owner] of owners) {
    it(`keeps ${JSON.stringify(element)} as ${JSON.stringify(owner)} (LCK-13)`, async () => {
      assert.equal((await parse(EXCLUSIVE + WRITE + element)).owner, owner)
    })
  }

  it('limits the owner to 8 KiB, counted in bytes', async () => {
    const longest = 'é'.repeat(MAX_OWNER_BYTES / 2)

    assert.equal((await parse(`${EXCLUSIVE}${WRITE}<D:owner>${longest}</D:owner>`)).owner, longest)
    await refuses('bad-request', `${EXCLUSIVE}${WRITE}<D:owner>${longest}a</D:owner>`)
    await refuses('bad-request', `${EXCLUSIVE}${WRITE}<D:owner>${'<x:a/>'.repeat(1000)}</D:owner>`)
  })

  it('stops writing an owner out once it is too long (XML-12)', async () => {
    const declaration = `xmlns:y="u:${'y'.repeat(900_000)}"`

    // Written out to the end, it would be longer than a string can be.
    await refuses(
      'bad-request',
      `${EXCLUSIVE}${WRITE}<D:owner ${declaration}>${'<y:a/>'.repeat(2000)}</D:owner>`,
    )
  })

  it('refuses another root element (XML-06)', async () => {
    await refuses('unprocessable', EXCLUSIVE + WRITE, 'D:propfind')
    await refuses('unprocessable', EXCLUSIVE + WRITE, 'x:lockinfo')
  })

  const unprocessable = [
    '',
    WRITE,
    EXCLUSIVE,
    `<D:lockscope/>${WRITE}`,
    `${EXCLUSIVE}<D:locktype/>`,
    `<D:lockscope><D:local/></D:lockscope>${WRITE}`,
    `<D:lockscope><x:exclusive/></D:lockscope>${WRITE}`,
    `${EXCLUSIVE}<D:locktype><D:read/></D:locktype>`,
    `<D:lockscope><D:exclusive/><D:shared/></D:lockscope>${WRITE}`,
    EXCLUSIVE + SHARED + WRITE,
    '<D:exclusive/><D:write/>',
  ]
  for (const inside of unprocessable) {
    it(`refuses ${JSON.stringify(inside)} (LCK-29)`, async () => {
      await refuses('unprocessable', inside)
    })
  }
})

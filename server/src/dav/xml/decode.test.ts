import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DavError, type ErrorCode } from '../../core/errors.ts'
import { decoded } from './decode.ts'
import { readXml, textOf } from './read.ts'

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function refuses(bytes: Uint8Array, code: ErrorCode, about: string, says = /./): Promise<void> {
  await assert.rejects(
    readXml(chunksOf(bytes, 5)),
    (error: unknown) => error instanceof DavError && error.code === code && says.test(error.message),
    `${about} should be refused as ${code}`,
  )
}

async function decode(...chunks: number[][]): Promise<{ text: string; encoding: string | undefined }> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Uint8Array.from(chunk)
  }
  const whole: { text: string; encoding: string | undefined } = { text: '', encoding: undefined }
  for await (const piece of decoded(body())) {
    whole.text += piece.text
    whole.encoding = piece.encoding
  }
  return whole
}

describe('decoded', () => {
  it('finds a byte order mark that comes in two chunks (XML-16)', async () => {
    assert.deepEqual(await decode([0xff], [0xfe, 0x61, 0x00]), { text: 'a', encoding: 'utf-16le' })
    assert.deepEqual(await decode([], [0xfe], [], [0xff, 0x00], [0x61]), { text: 'a', encoding: 'utf-16be' })
    assert.deepEqual(await decode([0xef], [0xbb], [0xbf, 0x61]), { text: 'a', encoding: 'utf-8' })
  })

  it('decodes a body of one byte', async () => {
    assert.deepEqual(await decode([0x61]), { text: 'a', encoding: 'utf-8' })
  })

  it('yields nothing for no bytes', async () => {
    assert.deepEqual(await decode(), { text: '', encoding: undefined })
    assert.deepEqual(await decode([], []), { text: '', encoding: undefined })
  })
})

describe('the encoding of an XML body', () => {
  const text = '<a>é日😀</a>'
  const utf16le = Buffer.from(`\ufeff${text}`, 'utf16le')
  const utf16be = Buffer.from(utf16le).swap16()

  it('accepts UTF-8 with and without a mark and UTF-16 with one (XML-16)', async () => {
    for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`), utf16le, utf16be]) {
      for (const size of [1, 3, 1000]) {
        const root = await readXml(chunksOf(bytes, size))

        assert.ok(root)
        assert.equal(textOf(root), 'é日😀')
      }
    }
  })

  it('accepts a declaration that names what it is (XML-16)', async () => {
    await readXml(chunksOf(Buffer.from('<?xml version="1.0" encoding="UTF-8"?><a/>'), 5))
    for (const name of ['utf-16', 'UTF-16LE']) {
      await readXml(chunksOf(Buffer.from(`\ufeff<?xml version="1.0" encoding="${name}"?><a/>`, 'utf16le'), 5))
    }
  })

  it('refuses other encodings (XML-16)', async () => {
    for (const name of ['ISO-8859-1', 'us-ascii', 'UTF-7', 'utf-32', 'x-unknown']) {
      await refuses(
        Buffer.from(`<?xml version="1.0" encoding="${name}"?><a/>`),
        'unsupported-media-type',
        name,
      )
    }
    await refuses(
      Buffer.from('<?xml version="1.0" encoding="utf-16"?><a/>'),
      'bad-request',
      'utf-16 that is utf-8',
    )
    const mislabelled = Buffer.from('\ufeff<?xml version="1.0" encoding="utf-8"?><a/>', 'utf16le')
    await refuses(mislabelled, 'bad-request', 'utf-8 that is utf-16')
  })

  it('refuses bytes that are not in the encoding (XML-16)', async () => {
    await refuses(Buffer.from('<a>\xe9</a>', 'latin1'), 'bad-request', 'latin1', /not valid utf-8/)
    await refuses(Buffer.from('<a/>\xc3', 'latin1'), 'bad-request', 'a cut character', /not valid utf-8/)
    await refuses(utf16le.subarray(0, -1), 'bad-request', 'half a unit', /not valid utf-16le/)
    await refuses(Buffer.from(text, 'utf16le'), 'bad-request', 'UTF-16 without a mark')
  })
})

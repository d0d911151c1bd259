import { DavError } from '../../core/errors.ts'

export type Utf = 'utf-8' | 'utf-16le' | 'utf-16be'

type Decoder = InstanceType<typeof TextDecoder>

export interface DecodedText {
  readonly text: string
  readonly encoding: Utf
}

/**
 * Turns bytes into text as they arrive: UTF-16 where its byte order mark says so, else UTF-8. A mark is cut
 * off. Yields nothing only when there are no bytes.
 *
 * @throws DavError 'bad-request' for bytes that are not in the encoding
 * @see XML 1.0 §4.3.3, appendix F
 */
export async function* decoded(body: AsyncIterable<Uint8Array>): AsyncGenerator<DecodedText> {
  let first: Uint8Array = new Uint8Array()
  let decoding: { readonly encoding: Utf; readonly decoder: Decoder } | null = null
  for await (const chunk of body) {
    let bytes = chunk
    if (decoding === null) {
      bytes = joined(first, chunk)
      first = bytes
      // The mark may come in two chunks.
      if (bytes.length < 2) continue
      decoding = decodingOf(bytes)
    }
    const text = decode(decoding.decoder, bytes)
    yield { text, encoding: decoding.encoding }
  }
  if (decoding === null && first.length === 0) return
  const { encoding, decoder } = decoding ?? decodingOf(first)
  yield { text: decode(decoder, decoding === null ? first : undefined, true), encoding }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail
  const all = new Uint8Array(head.length + tail.length)
  all.set(head)
  all.set(tail, head.length)
  return all
}

function decodingOf(start: Uint8Array): { encoding: Utf; decoder: Decoder } {
  const encoding = encodingOf(start)
  return { encoding, decoder: new TextDecoder(encoding, { fatal: true }) }
}

function encodingOf(start: Uint8Array): Utf {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  return 'utf-8'
}

function decode(decoder: Decoder, bytes: Uint8Array | undefined, last = false): string {
  try {
    return decoder.decode(bytes, { stream: !last })
  } catch (cause) {
    throw new DavError('bad-request', `the XML body is not valid ${decoder.encoding}`, { cause })
  }
}

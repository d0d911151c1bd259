/**
 * Text between tags. What XML 1.0 cannot carry at all is dropped: a file name may hold U+FFFE, and one such
 * character would make a whole listing unreadable (XML 1.0 §2.2).
 */
export function escapeText(text: string): string {
  return NEEDS_CARE_IN_TEXT.test(text) ? text.replace(EVERY_IN_TEXT, replacementOf) : text
}

/** The inside of an attribute value, for either kind of quotes. */
export function escapeAttribute(text: string): string {
  return NEEDS_CARE_IN_ATTRIBUTE.test(text) ? text.replace(EVERY_IN_ATTRIBUTE, replacementOf) : text
}

/**
 * Encodes text as it is produced and hands it on in pieces of at least `flushBytes`, but for the last one, so
 * that an answer of any length needs little memory and few writes. No part may end inside a surrogate pair.
 */
export async function* batched(
  parts: AsyncIterable<string> | Iterable<string>,
  flushBytes = 65_536,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder()
  let pending = ''
  for await (const part of parts) {
    pending += part
    // Counted in UTF-16 units: a bound from below that costs nothing.
    if (pending.length >= flushBytes) {
      yield encoder.encode(pending)
      pending = ''
    }
  }
  if (pending !== '') yield encoder.encode(pending)
}

// In a pattern with the `u` flag the surrogate range matches lone surrogates only.
// A carriage return is written as a reference: parsers turn the bare character into a line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const NEEDS_CARE_IN_TEXT = /[&<>\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u
const EVERY_IN_TEXT = new RegExp(NEEDS_CARE_IN_TEXT, 'gu')

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const NEEDS_CARE_IN_ATTRIBUTE = /[&<>"'\u0000-\u001f\ud800-\udfff\ufffe\uffff]/u
const EVERY_IN_ATTRIBUTE = new RegExp(NEEDS_CARE_IN_ATTRIBUTE, 'gu')

const REPLACEMENTS: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
  ['\t', '&#9;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
])

function replacementOf(character: string): string {
  return REPLACEMENTS.get(character) ?? ''
}

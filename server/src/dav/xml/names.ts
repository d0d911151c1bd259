/** The namespace of RFC 4918; the colon is part of it and nothing follows. */
export const DAV_NS = 'DAV:'

/** The namespace of our own elements: `DAV:` belongs to the IETF (RFC 4918 §17, §21.1). */
export const EXT_NS = 'urn:uuid:d50f96e6-7447-4bc9-bd71-c4ac6bb19aef'

/** What the problem types of RFC 9457 begin with. */
export const PROBLEM_BASE = `${EXT_NS}#`

/** The namespace to which the prefix `xml` is bound everywhere (`xml:lang`). */
export const XML_NS = 'http://www.w3.org/XML/1998/namespace'

/** The expanded name of an element or attribute; `ns` is empty for a name in no namespace. */
export interface XmlName {
  readonly ns: string
  readonly local: string
}

export function dav(local: string): XmlName {
  return { ns: DAV_NS, local }
}

export function ext(local: string): XmlName {
  return { ns: EXT_NS, local }
}

/** A key for maps and sets. Two names have one key only if they are equal: a local name has no brace. */
export function nameKey(name: XmlName): string {
  return `{${name.ns}}${name.local}`
}

export function sameName(one: XmlName, other: XmlName): boolean {
  return one.local === other.local && one.ns === other.ns
}

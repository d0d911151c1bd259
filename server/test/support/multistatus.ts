import assert from 'node:assert/strict'
import { SaxesParser } from 'saxes'
import { type Address, type Answer, ask } from './ask.ts'

export interface Element {
  /** `DAV:href` for the namespace of WebDAV, else `{namespace}local`. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  /** All text inside, that of children included. */
  readonly text: string
}

/** One `DAV:response`. */
export interface Member {
  readonly href: string
  readonly element: Element
  /** What was found, by name. */
  readonly found: ReadonlyMap<string, Element>
  /** The names under a 404. */
  readonly missing: readonly string[]
}

interface OpenElement extends Element {
  readonly children: Element[]
  text: string
}

/** @throws Error unless the text is well formed, its namespaces included */
export function parseXml(text: string): Element {
  const parser = new SaxesParser({ xmlns: true })
  const open: OpenElement[] = []
  let root: Element | undefined
  parser.on('opentag', ({ uri, local, attributes }) => {
    const element: OpenElement = {
      name: uri === 'DAV:' ? `DAV:${local}` : `{${uri}}${local}`,
      attributes: Object.fromEntries(Object.values(attributes).map(({ name, value }) => [name, value])),
      children: [],
      text: '',
    }
    open.at(-1)?.children.push(element)
    root ??= element
    open.push(element)
  })
  parser.on('text', (piece) => {
    for (const element of open) element.text += piece
  })
  parser.on('closetag', () => open.pop())
  parser.on('error', (error) => {
    throw error
  })
  parser.write(text).close()
  if (root === undefined) throw new Error('the document is empty')
  return root
}

/** The responses of a 207, each judged as RFC 4918 §14.24 wants it. */
export function membersOf(answer: Answer): Member[] {
  assert.equal(answer.status, 207, answer.text)
  const root = parseXml(answer.text)
  assert.equal(root.name, 'DAV:multistatus')
  return root.children.filter(({ name }) => name === 'DAV:response').map(memberOf)
}

function memberOf(element: Element): Member {
  const found = new Map<string, Element>()
  const missing: string[] = []
  for (const propstat of childrenOf(element, 'DAV:propstat')) {
    const status = childrenOf(propstat, 'DAV:status')[0]?.text
    for (const property of childrenOf(propstat, 'DAV:prop').flatMap(({ children }) => children)) {
      if (status === 'HTTP/1.1 200 OK') found.set(property.name, property)
      else if (status === 'HTTP/1.1 404 Not Found') missing.push(property.name)
      else assert.fail(`a propstat says ${status}`)
    }
  }
  return { href: childrenOf(element, 'DAV:href')[0]?.text ?? '', element, found, missing }
}

export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name)
}

/** A PROPFIND and its responses. Without a body it asks for all properties. */
export async function propfind(
  server: Address,
  target: string,
  { depth = '0', body }: { depth?: string; body?: string } = {},
): Promise<Member[]> {
  const headers = { Depth: depth, ...(body === undefined ? {} : { 'Content-Type': 'application/xml' }) }
  return membersOf(
    await ask(server, `PROPFIND ${target}`, { headers, ...(body === undefined ? {} : { body }) }),
  )
}

/** The body that asks for properties of the namespace `DAV:`. */
export function asking(...names: readonly string[]): string {
  const elements = names.map((name) => `<D:${name}/>`).join('')
  return `<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop>${elements}</D:prop></D:propfind>`
}

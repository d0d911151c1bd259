import { XML_NS } from './names.ts'
import type { XmlDeclaration, XmlElement } from './read.ts'
import { escapeAttribute, escapeText } from './write.ts'

/**
 * Writes an element as a client sent it: same prefixes, declarations, attributes and text. What it took from its
 * ancestors, namespaces and `xml:lang`, is put on it, so that it means the same elsewhere. Only the place where
 * it is put must have no default namespace and no `xml:lang` of its own.
 *
 * @param element from `readXml`: its prefixes are taken to agree with its namespaces
 * @see RFC 4918 §4.3
 */
export function serializeElement(element: XmlElement): string {
  const saysLang = element.attributes.some(({ name }) => name.ns === XML_NS && name.local === 'lang')
  const inheritedLang = saysLang || element.lang === null ? '' : attribute('xml:lang', element.lang)
  const declarations = [...element.declarations, ...inheritedDeclarations(element)]
  return written(element, declarations, inheritedLang)
}

/** The inside alone; each element in it could stand by itself. */
export function serializeContent(element: XmlElement): string {
  return [...serializedChildren(element)].join('')
}

/** The inside piece by piece, for callers with a limit: every piece declares its namespaces anew. */
export function* serializedChildren(element: XmlElement): Generator<string> {
  for (const child of element.children) {
    yield typeof child === 'string' ? escapeText(child) : serializeElement(child)
  }
}

function written(
  element: XmlElement,
  declarations: readonly XmlDeclaration[],
  inheritedLang: string,
): string {
  const tag = qualified(element.prefix, element.name.local)
  const head = [
    tag,
    ...declarations.filter(({ prefix }) => prefix !== 'xml').map(declaration),
    ...element.attributes.map(({ prefix, name, value }) => attribute(qualified(prefix, name.local), value)),
    inheritedLang,
  ].join('')
  if (element.children.length === 0) return `<${head}/>`
  const inside = element.children.map((child) =>
    typeof child === 'string' ? escapeText(child) : written(child, child.declarations, ''),
  )
  return `<${head}>${inside.join('')}</${tag}>`
}

function qualified(prefix: string, local: string): string {
  return prefix === '' ? local : `${prefix}:${local}`
}

function declaration({ prefix, ns }: XmlDeclaration): string {
  return attribute(prefix === '' ? 'xmlns' : `xmlns:${prefix}`, ns)
}

function attribute(name: string, value: string): string {
  return ` ${name}="${escapeAttribute(value)}"`
}

/**
 * The declarations of ancestors that names inside rely on. All go onto the outermost element: written wherever
 * they are needed, one long namespace could blow a small body up to gigabytes.
 */
function inheritedDeclarations(root: XmlElement): XmlDeclaration[] {
  const inherited = new Map<string, string>()
  // How many of the open elements declare a prefix.
  const declared = new Map<string, number>()
  const use = (prefix: string, ns: string): void => {
    // A name in no namespace needs no declaration, and it cannot have a prefix.
    if (ns !== '' && !declared.get(prefix)) inherited.set(prefix, ns)
  }
  const visit = (element: XmlElement): void => {
    for (const { prefix } of element.declarations) declared.set(prefix, (declared.get(prefix) ?? 0) + 1)
    use(element.prefix, element.name.ns)
    for (const { prefix, name } of element.attributes) use(prefix, name.ns)
    for (const child of element.children) if (typeof child !== 'string') visit(child)
    for (const { prefix } of element.declarations) declared.set(prefix, (declared.get(prefix) ?? 0) - 1)
  }
  visit(root)
  return [...inherited].map(([prefix, ns]) => ({ prefix, ns }))
}

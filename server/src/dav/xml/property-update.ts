import { DavError } from '../../core/errors.ts'
import { dav, sameName, type XmlName } from './names.ts'
import { childElements, type XmlDeclaration, type XmlElement } from './read.ts'

export type PropertyInstruction =
  | {
      readonly kind: 'set'
      readonly name: XmlName
      /** The property element, with `lang` and declarations that it took from the elements around it. */
      readonly element: XmlElement
    }
  | { readonly kind: 'remove'; readonly name: XmlName }

/**
 * The body of a PROPPATCH: what to do, in the order of the document.
 *
 * @throws DavError 'unprocessable' for another element and for one that asks for nothing
 * @see RFC 4918 §9.2, §14.19
 */
export function parsePropertyUpdate(root: XmlElement): readonly PropertyInstruction[] {
  if (!sameName(root.name, dav('propertyupdate'))) {
    throw new DavError('unprocessable', 'the body of a PROPPATCH is a DAV:propertyupdate element')
  }
  const instructions = childElements(root).flatMap((child) => {
    if (sameName(child.name, dav('set'))) return settings(root, child)
    return sameName(child.name, dav('remove')) ? removals(child) : []
  })
  if (instructions.length === 0) {
    throw new DavError('unprocessable', 'the DAV:propertyupdate neither sets nor removes a property')
  }
  return instructions
}

function settings(root: XmlElement, set: XmlElement): PropertyInstruction[] {
  return childElements(set, dav('prop')).flatMap((prop) => {
    const outer = declarationsOf([root, set, prop])
    return childElements(prop).map((element) => ({
      kind: 'set' as const,
      name: element.name,
      element: withDeclarations(element, outer),
    }))
  })
}

function removals(remove: XmlElement): PropertyInstruction[] {
  return childElements(remove, dav('prop')).flatMap((prop) =>
    childElements(prop).map(({ name }) => ({ kind: 'remove' as const, name })),
  )
}

/** @param elements from the outermost to the innermost, whose declarations win */
function declarationsOf(elements: readonly XmlElement[]): ReadonlyMap<string, XmlDeclaration> {
  return new Map(elements.flatMap(({ declarations }) => declarations).map((one) => [one.prefix, one]))
}

// Values may use prefixes, as `xsi:type="xs:date"` does: RFC 4918 §4.3 wants such values to keep their meaning.
// Only what seems to be used is kept, since users pay for every byte of a property.
function withDeclarations(element: XmlElement, outer: ReadonlyMap<string, XmlDeclaration>): XmlElement {
  const own = new Set(element.declarations.map(({ prefix }) => prefix))
  const inherited = [...prefixesInValues(element)].flatMap((prefix) => {
    const declaration = outer.get(prefix)
    return declaration === undefined || own.has(prefix) ? [] : [declaration]
  })
  return inherited.length === 0
    ? element
    : { ...element, declarations: [...element.declarations, ...inherited] }
}

function prefixesInValues(element: XmlElement, found = new Set<string>()): ReadonlySet<string> {
  for (const { value } of element.attributes) collectPrefixes(value, found)
  for (const child of element.children) {
    if (typeof child === 'string') collectPrefixes(child, found)
    else prefixesInValues(child, found)
  }
  return found
}

/** What stands before a colon. Walks back from each one: a pattern would take quadratic time on long words. */
function collectPrefixes(text: string, found: Set<string>): void {
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', colon + 1)) {
    let start = colon
    while (start > 0 && !BESIDE_NAMES.test(text.charAt(start - 1))) start -= 1
    if (start < colon) found.add(text.slice(start, colon))
  }
}

const BESIDE_NAMES = /[\s!-,/:-@[-^`{-~]/

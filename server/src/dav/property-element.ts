import { DAV_NS, type XmlName } from './xml/names.ts'
import { escapeAttribute } from './xml/write.ts'

/** A property in an answer, where the prefix D is bound to DAV: and nothing else is known. */
export function propertyElement(name: XmlName, inside: string): string {
  const { open, close } = tagOf(name)
  return inside === '' ? `<${open}/>` : `<${open}>${inside}</${close}>`
}

export function emptyElement(name: XmlName): string {
  return propertyElement(name, '')
}

function tagOf({ ns, local }: XmlName): { readonly open: string; readonly close: string } {
  if (ns === DAV_NS) return { open: `D:${local}`, close: `D:${local}` }
  if (ns === '') return { open: `${local} xmlns=""`, close: local }
  return { open: `n:${local} xmlns:n="${escapeAttribute(ns)}"`, close: `n:${local}` }
}

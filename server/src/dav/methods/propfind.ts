import type { Deps } from '../../core/deps.ts'
import { currentDiskRoom } from '../../core/disk-room.ts'
import { DavError } from '../../core/errors.ts'
import { upToMembers, wholeTree } from '../../core/list.ts'
import type { ResourcePath } from '../../core/path.ts'
import type { Resource } from '../../core/resource.ts'
import { requireIf } from '../guard.ts'
import { parseDepth } from '../headers/depth.ts'
import type { Protocol } from '../methods.ts'
import { multistatus, propstatResponse } from '../multistatus.ts'
import { type PropertyRegistry, type PropertyView, viewOf } from '../properties.ts'
import { emptyElement, propertyElement } from '../property-element.ts'
import type { Call, DavResponse } from '../request.ts'
import { SETTABLE } from '../settable.ts'
import { dav, nameKey, sameName, type XmlName } from '../xml/names.ts'
import { childElements, type XmlElement } from '../xml/read.ts'
import { readXmlBody } from '../xml-body.ts'

/** RFC 4918 §9.1. Reading never needs room, and the answer is sent page by page while the folder is read. */
export async function propfind(deps: Deps, call: Call, protocol: Protocol): Promise<DavResponse> {
  const { path, request } = call
  const depth = parseDepth(request.header('depth'), { allow: ['0', '1', 'infinity'], absent: 'infinity' })
  const asked = askedFor(await readXmlBody(request))
  const resource = await deps.store.stat(path)
  if (resource === null) throw new DavError('not-found', 'there is nothing under this name', { path })
  await requireIf(deps, call, resource)
  const pages = depth === 'infinity' ? await wholeTree(deps, resource) : upToMembers(deps, resource, depth)
  const answer = multistatus(responses({ deps, call, asked, properties: protocol.properties }, pages))
  // Clients are told the real URL rather than redirected: many drop the method or the credentials on the way.
  const location =
    resource.kind === 'collection' && !call.trailingSlash
      ? { 'Content-Location': call.href(path, 'collection') }
      : {}
  return { ...answer, headers: { ...answer.headers, ...location } }
}

type Asked =
  | { readonly kind: 'propname' }
  | { readonly kind: 'allprop'; readonly include: readonly XmlName[] }
  | { readonly kind: 'prop'; readonly names: readonly XmlName[] }

interface Answering {
  readonly deps: Deps
  readonly call: Call
  readonly asked: Asked
  readonly properties: PropertyRegistry
}

/** An empty body asks for allprop; unknown elements beside the known ones are skipped (RFC 4918 §9.1, §17). */
function askedFor(body: XmlElement | null): Asked {
  if (body === null) return { kind: 'allprop', include: [] }
  if (!sameName(body.name, dav('propfind'))) {
    throw new DavError('unprocessable', 'the body of a PROPFIND is a DAV:propfind element')
  }
  const [prop] = childElements(body, dav('prop'))
  if (prop !== undefined) return { kind: 'prop', names: namesIn(prop) }
  if (childElements(body, dav('propname')).length > 0) return { kind: 'propname' }
  if (childElements(body, dav('allprop')).length > 0) {
    return { kind: 'allprop', include: childElements(body, dav('include')).flatMap(namesIn) }
  }
  throw new DavError('unprocessable', 'a DAV:propfind holds DAV:prop, DAV:propname or DAV:allprop')
}

function namesIn(element: XmlElement): XmlName[] {
  const byKey = new Map(childElements(element).map(({ name }) => [nameKey(name), name]))
  return [...byKey.values()]
}

async function* responses(
  answering: Answering,
  pages: AsyncIterable<readonly Resource[]>,
): AsyncGenerator<string> {
  const { deps, call } = answering
  const disk = await currentDiskRoom(deps)
  const lockView = { href: (path: ResourcePath) => call.href(path, 'file'), nowMs: call.nowMs }
  for await (const page of pages) {
    const view = await viewOf(deps, page, { disk, lockView })
    for (const resource of page) yield await response(answering, { resource, view })
  }
}

interface Subject {
  readonly resource: Resource
  readonly view: PropertyView
}

async function response({ call, asked, properties }: Answering, subject: Subject): Promise<string> {
  const { resource } = subject
  const href = call.href(resource.path, resource.kind)
  const own = ownProperties(properties, subject)
  if (asked.kind === 'propname') {
    return propstatResponse(href, [{ status: '200 OK', elements: own.map(({ name }) => emptyElement(name)) }])
  }
  const names = asked.kind === 'prop' ? asked.names : namesOfAll(own, asked.include)
  const byKey = new Map(own.map((property) => [nameKey(property.name), property]))
  const found: string[] = []
  const missing: string[] = []
  for (const name of names) {
    const property = byKey.get(nameKey(name))
    if (property === undefined) missing.push(emptyElement(name))
    else found.push(await property.element())
  }
  return propstatResponse(href, [
    { status: '200 OK', elements: found },
    { status: '404 Not Found', elements: missing },
  ])
}

/** A property that a resource has, live or dead. */
interface OwnProperty {
  readonly name: XmlName
  readonly inAllprop: boolean
  element(): string | Promise<string>
}

/** What a client has stored is shown in place of what the server would compute; only a few can be stored. */
function ownProperties(properties: PropertyRegistry, { resource, view }: Subject): readonly OwnProperty[] {
  const stored = (view.stored.get(resource.path) ?? []).filter(
    (property) => !properties.has(nameKey(property)) || SETTABLE.has(nameKey(property)),
  )
  const overwritten = new Set(stored.map(nameKey))
  const live = [...properties.values()].filter(
    (property) => property.has(resource) && !overwritten.has(nameKey(property.name)),
  )
  return [
    ...live.map((property) => ({
      name: property.name,
      inAllprop: property.inAllprop,
      element: async () => propertyElement(property.name, await property.value(resource, view)),
    })),
    ...stored.map(({ ns, local, value }) => ({ name: { ns, local }, inAllprop: true, element: () => value })),
  ]
}

function namesOfAll(own: readonly OwnProperty[], include: readonly XmlName[]): readonly XmlName[] {
  const all = own.filter(({ inAllprop }) => inAllprop).map(({ name }) => name)
  const known = new Set(all.map(nameKey))
  return [...all, ...include.filter((name) => !known.has(nameKey(name)))]
}

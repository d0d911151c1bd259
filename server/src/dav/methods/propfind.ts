import type { Deps } from '../../core/deps.ts'
import { DavError } from '../../core/errors.ts'
import { withMembers } from '../../core/list.ts'
import type { Resource } from '../../core/resource.ts'
import { currentDiskRoom } from '../../core/space.ts'
import { parseDepth } from '../headers/depth.ts'
import type { Protocol } from '../methods.ts'
import { multistatus, propstatResponse } from '../multistatus.ts'
import { type LiveProperty, type PropertyRegistry, type PropertyView, viewOf } from '../properties.ts'
import type { Call, DavResponse } from '../request.ts'
import { DAV_NS, dav, nameKey, sameName, type XmlName } from '../xml/names.ts'
import { childElements, type XmlElement } from '../xml/read.ts'
import { escapeAttribute } from '../xml/write.ts'
import { readXmlBody } from '../xml-body.ts'

/** RFC 4918 §9.1. Reading never needs room, and the answer is sent page by page while the folder is read. */
export async function propfind(deps: Deps, call: Call, protocol: Protocol): Promise<DavResponse> {
  const { path, request } = call
  const depth = parseDepth(request.header('depth'), { allow: ['0', '1', 'infinity'], absent: 'infinity' })
  const asked = askedFor(await readXmlBody(request))
  const resource = await deps.store.stat(path)
  if (resource === null) throw new DavError('not-found', 'there is nothing under this name', { path })
  if (depth === 'infinity' && resource.kind === 'collection') {
    throw new DavError('infinite-depth-refused', 'ask with Depth 0 or 1, folder by folder', { path })
  }
  const pages = depth === '0' ? onePage(resource) : withMembers(deps, resource)
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

async function* onePage(resource: Resource): AsyncGenerator<readonly Resource[]> {
  yield [resource]
}

async function* responses(
  answering: Answering,
  pages: AsyncIterable<readonly Resource[]>,
): AsyncGenerator<string> {
  const disk = await currentDiskRoom(answering.deps)
  for await (const page of pages) {
    const view = await viewOf(answering.deps, page, disk)
    for (const resource of page) yield await response(answering, resource, view)
  }
}

async function response(
  { call, asked, properties }: Answering,
  resource: Resource,
  view: PropertyView,
): Promise<string> {
  const href = call.href(resource.path, resource.kind)
  const own = [...properties.values()].filter((property) => property.has(resource))
  if (asked.kind === 'propname') {
    return propstatResponse(href, [{ status: '200 OK', elements: own.map(({ name }) => element(name, '')) }])
  }
  if (asked.kind === 'prop') return await namedResponse(href, asked.names, { resource, view, properties })
  const included = new Set(asked.include.map(nameKey))
  const all = own.filter(({ name, inAllprop }) => inAllprop || included.has(nameKey(name)))
  const missing = asked.include.filter((name) => !properties.get(nameKey(name))?.has(resource))
  return propstatResponse(href, [
    { status: '200 OK', elements: await values(all, resource, view) },
    { status: '404 Not Found', elements: missing.map((name) => element(name, '')) },
  ])
}

interface Subject {
  readonly resource: Resource
  readonly view: PropertyView
  readonly properties: PropertyRegistry
}

async function namedResponse(href: string, names: readonly XmlName[], subject: Subject): Promise<string> {
  const { resource, view, properties } = subject
  const found: LiveProperty[] = []
  const missing: string[] = []
  for (const name of names) {
    const property = properties.get(nameKey(name))
    if (property?.has(resource)) found.push(property)
    else missing.push(element(name, ''))
  }
  return propstatResponse(href, [
    { status: '200 OK', elements: await values(found, resource, view) },
    { status: '404 Not Found', elements: missing },
  ])
}

async function values(
  properties: readonly LiveProperty[],
  resource: Resource,
  view: PropertyView,
): Promise<string[]> {
  const elements: string[] = []
  for (const property of properties)
    elements.push(element(property.name, await property.value(resource, view)))
  return elements
}

function element({ ns, local }: XmlName, inside: string): string {
  const [open, close] =
    ns === DAV_NS
      ? [`D:${local}`, `D:${local}`]
      : ns === ''
        ? [`${local} xmlns=""`, local]
        : [`n:${local} xmlns:n="${escapeAttribute(ns)}"`, `n:${local}`]
  return inside === '' ? `<${open}/>` : `<${open}>${inside}</${close}>`
}

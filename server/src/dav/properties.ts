import mime from 'mime'
import type { Deps } from '../core/deps.ts'
import type { DiskRoom } from '../core/ledger.ts'
import { nameOf, type ResourcePath } from '../core/path.ts'
import type { Resource } from '../core/resource.ts'
import type { Lock, Property } from '../core/state.ts'
import { formatHttpDate } from './headers/http-date.ts'
import { type LockView, lockDiscovery, SUPPORTED_LOCK } from './lock-discovery.ts'
import { DAV_NS, dav, nameKey, type XmlName } from './xml/names.ts'
import { escapeText } from './xml/write.ts'

/** A property whose value the server computes (RFC 4918 §15). */
export interface LiveProperty {
  readonly name: XmlName
  /** Whether allprop returns it; extensions' properties must be asked for by name. */
  readonly inAllprop: boolean
  /** Whether a resource has it at all; what propname lists. */
  has(resource: Resource): boolean
  /** The XML inside the element. Called only where `has` holds. */
  value(resource: Resource, view: PropertyView): string | Promise<string>
}

/** What properties are computed from, fetched once a page or once a request, never once a member. */
export interface PropertyView {
  readonly deps: Deps
  readonly stored: ReadonlyMap<ResourcePath, readonly Property[]>
  /** Every lock on the way to one of the resources. */
  readonly locks: readonly Lock[]
  readonly lockView: LockView
  readonly disk: DiskRoom
}

export type PropertyRegistry = ReadonlyMap<string, LiveProperty>

/** @throws Error if two properties claim one name: the server must not start */
export function registry(properties: readonly LiveProperty[]): PropertyRegistry {
  const byName = new Map<string, LiveProperty>()
  for (const property of properties) {
    const key = nameKey(property.name)
    if (byName.has(key)) throw new Error(`two extensions define the property ${key}`)
    byName.set(key, property)
  }
  return byName
}

/** @param disk read once for a whole answer */
export async function viewOf(
  deps: Deps,
  page: readonly Resource[],
  { disk, lockView }: Pick<PropertyView, 'disk' | 'lockView'>,
): Promise<PropertyView> {
  const paths = page.map(({ path }) => path)
  const stored = await deps.state.properties.of(paths)
  const locks = await deps.state.locks.onTheWayTo(paths, lockView.nowMs)
  return { deps, stored, locks, lockView, disk }
}

/** What GET and PROPFIND both say (LP-04): as the client said, else by extension, else unknown bytes. */
export function contentTypeOf(resource: Resource, stored: readonly Property[] | undefined): string {
  const given = stored?.find(({ ns, local }) => ns === DAV_NS && local === 'getcontenttype')
  return given?.value ?? guessedType(resource.path)
}

export function guessedType(path: ResourcePath): string {
  const type = mime.getType(nameOf(path)) ?? 'application/octet-stream'
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}

const always = (): boolean => true
const isFile = ({ kind }: Resource): boolean => kind === 'file'

/** The live properties of RFC 4918 §15. */
export const CORE_PROPERTIES: readonly LiveProperty[] = [
  {
    name: dav('creationdate'),
    inAllprop: true,
    has: always,
    value: ({ createdMs }) => new Date(createdMs).toISOString(),
  },
  {
    name: dav('displayname'),
    inAllprop: true,
    has: always,
    value: ({ path }) => escapeText(nameOf(path)),
  },
  {
    name: dav('getcontentlength'),
    inAllprop: true,
    has: isFile,
    value: ({ bytes }) => String(bytes),
  },
  {
    name: dav('getcontenttype'),
    inAllprop: true,
    has: isFile,
    value: (resource, { stored }) => escapeText(contentTypeOf(resource, stored.get(resource.path))),
  },
  {
    name: dav('getetag'),
    inAllprop: true,
    has: ({ etag }) => etag !== null,
    value: ({ etag }) => escapeText(etag ?? ''),
  },
  {
    // On collections too: KeeWeb and Joplin ask for it.
    name: dav('getlastmodified'),
    inAllprop: true,
    has: always,
    value: ({ modifiedMs }) => formatHttpDate(modifiedMs),
  },
  {
    name: dav('resourcetype'),
    inAllprop: true,
    has: always,
    value: ({ kind }) => (kind === 'collection' ? '<D:collection/>' : ''),
  },
  {
    name: dav('lockdiscovery'),
    inAllprop: true,
    has: always,
    value: ({ path }, { locks, lockView }) => lockDiscovery(path, locks, lockView),
  },
  { name: dav('supportedlock'), inAllprop: true, has: always, value: () => SUPPORTED_LOCK },
]
